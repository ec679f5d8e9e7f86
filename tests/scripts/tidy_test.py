"""scripts/tidy.py finds what it is for, and nothing in a project that has none of it."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import tidy

# A project without findings; a test adds the one file that has one.
CLEAN = {
    "CMakeLists.txt": "file(GLOB_RECURSE s sim/*.cpp models/*.cpp)\nadd_test(tests/errors)\n",
    "sim/state/job.hpp": "// A job.\n",
    "sim/state/job.cpp": '#include "sim/state/job.hpp"\n',
}


def findings(files):
    return list(tidy.findings({pathlib.PurePath(name): text
                               for name, text in {**CLEAN, **files}.items()}))


class Tidy(unittest.TestCase):
    def expect(self, files, *expected):
        self.assertEqual(findings(files), list(expected))

    def test_clean_project_has_no_findings(self):
        self.expect({})

    def test_includes_go_down(self):
        self.expect({"sim/cluster/up.cpp": '\n#include "sim/state/job.hpp"\n'},
                    "sim/cluster/up.cpp:2: cluster (1) must not include state (3)")
        self.expect({"sim/engine/down.cpp": '#include "sim/state/job.hpp"\n'})

    def test_report_knows_no_engine_and_no_sibling(self):
        files = {"sim/engine/loop.hpp": "", "sim/config/load.hpp": "",
                 "sim/report/a.cpp": '#include "sim/engine/loop.hpp"\n',
                 "sim/report/b.cpp": '#include "sim/config/load.hpp"\n'}
        self.expect(files, "sim/report/a.cpp:1: report (6) must not include engine (5)",
                    "sim/report/b.cpp:1: report (6) must not include config (6)")

    def test_models_see_floors_0_to_4_and_their_own_folder(self):
        files = {"sim/engine/loop.hpp": "", "models/slurm/pass.hpp": "",
                 "models/slurm/pass.cpp": '#include "models/slurm/pass.hpp"\n',
                 "models/event/a.cpp": '#include "sim/engine/loop.hpp"\n',
                 "models/event/b.cpp": '#include "models/slurm/pass.hpp"\n'}
        self.expect(files, "models/event/a.cpp:1: models must not include engine (5)",
                    "models/event/b.cpp:1: models must not include their neighbours")

    def test_sim_never_names_models(self):
        self.expect({"models/event/a.hpp": "",
                     "sim/engine/a.cpp": '#include "models/event/a.hpp"\n'},
                    "sim/engine/a.cpp:1: sim must not include models")

    def test_sizes(self):
        self.expect({"sim/base/wide.cpp": "//" + "x" * 99 + "\n"},
                    "sim/base/wide.cpp:1: 101 columns, at most 100")
        self.expect({"sim/base/long.cpp": "//\n" * 601},
                    "sim/base/long.cpp: 601 lines, at most 600")
        body = "namespace a {\nint f(int x = g()) {\n" + "  x++;\n" * 69 + "}\n}\n"
        self.expect({"sim/base/function.cpp": body},
                    "sim/base/function.cpp:2: function of 71 lines, at most 70")

    def test_braces_in_text_are_no_functions(self):
        text = 'const char* a = R"({{{)";\n// {{{\nint f() { return \'{\'; }\n' + "//\n" * 100
        self.expect({"sim/base/text.cpp": text})

    def test_library_never_prints(self):
        self.expect({"sim/base/print.cpp": 'void f() { fmt::print("x"); }\n',
                     "sim/cli/print.cpp": 'void f() { fmt::print("x"); }\n',
                     "sim/base/abort.cpp": 'void f() { fmt::print(stderr, "x"); }\n'},
                    "sim/base/print.cpp:1: the library never prints")

    def test_heavy_headers_stay_in_cpp_files(self):
        include = "#include <nlohmann/json.hpp>\n"
        self.expect({"sim/report/json.hpp": include,
                     "sim/report/json.cpp": '#include "sim/report/json.hpp"\n' + include},
                    "sim/report/json.hpp:1: heavy headers belong in .cpp files")
        self.expect({"sim/report/fwd.hpp": "#include <nlohmann/json_fwd.hpp>\n",
                     "sim/report/fwd.cpp": '#include "sim/report/fwd.hpp"\n'})

    def test_clairvoyant_policies_say_so(self):
        sees = "class Best final : public rehearse::ClairvoyantPriority {};\n"
        self.expect({"models/priority/best.cpp": sees + '"best", "Shortest first"\n'},
                    "models/priority/best.cpp: sees true run times and does not describe itself as"
                    " clairvoyant")
        self.expect({"models/priority/best.cpp": sees + '"best", "Shortest first (clairvoyant)"\n'})

    def test_decisions_do_not_name_the_truth(self):
        self.expect({"models/priority/a.cpp": "int f(const Workload& w) { return w.truth[0]; }\n",
                     "models/priority/b.cpp": "// The truth is hidden from it.\n",
                     "models/workload/c.cpp": "void g(Workload& w) { w.truth[0] = 1; }\n"},
                    "models/priority/a.cpp:1: a decision must not name the truth")

    def test_todo_needs_an_issue(self):
        self.expect({"sim/base/todo.cpp": "// TODO: later\n// TODO(#12): then\n"},
                    "sim/base/todo.cpp:1: TODO without an issue number")

    def test_dead_files(self):
        self.expect({"sim/base/lonely.hpp": ""}, "sim/base/lonely.hpp: nothing includes it")
        self.expect({"tests/errors/bad.yaml": "", "tests/other/bad.yaml": "", "README.md": ""},
                    "tests/other/bad.yaml: no CMake file, test or script names it or its folder")
        self.expect({"tests/unit/job_test.cpp": ""},
                    "tests/unit/job_test.cpp: no CMake file, test or script names it or its folder")


if __name__ == "__main__":
    unittest.main()
