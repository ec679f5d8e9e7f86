#!/usr/bin/env python3
"""Style that is checked needs no reviewer: floors, sizes, headers, dead files. Run as a ctest.

tests/scripts/tidy_test.py shows one file for each rule. Layout is clang-format's and bugs are
clang-tidy's; here is what neither knows about this project.
"""
import fnmatch
import pathlib
import re
import subprocess
import sys

FLOORS = {"base": 0, "cluster": 1, "workload": 2, "state": 3, "policy": 4, "engine": 5,
          "config": 6, "report": 6, "audit": 6, "study": 7, "cli": 8}
MAX_LINES, MAX_FUNCTION_LINES, MAX_COLUMNS = 600, 70, 100
CPP, SCRIPTS = (".hpp", ".cpp"), (".py", ".js", ".mjs", ".css", ".cmake")
PRINTS = re.compile(r"std::cout\b|(?<![\w:])(?:std::|fmt::)?(?:printf|print|puts)\((?!stderr)")
HEAVY = re.compile(r'#include [<"](?:yaml-cpp/|nlohmann/json\.hpp|CLI/|boost/|Eigen/)')
NO_DECISIONS = ("environment", "workload")  # folders of models/ that make what is true
# A policy that can learn true run times, and where that would be said to whoever chooses it.
SEES_TRUTH = re.compile(r"public\s+(?:rehearse::)?ClairvoyantPriority\b|\bclairvoyance\.hpp\"")
SAYS_SO = re.compile(r'"[^"\n]*clairvoyant', re.IGNORECASE)
# What a brace in it does not count: raw strings, comments, strings, characters, directives.
NOT_CODE = re.compile(
    r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    r"|(?<!\w)'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*", re.DOTALL | re.MULTILINE)
SCOPE = re.compile(r"(?:^|\s)(?:namespace|class|struct|union|enum|extern)\b")


def include_error(folder, included):
    """What is wrong with `folder` including the path `included`, or None."""
    if folder.parts[0] == "models":
        if included[0] == "sim" and FLOORS.get(included[1], 9) > 4:
            return f"models must not include {included[1]} ({FLOORS.get(included[1])})"
        if included[0] == "models" and included[1] != folder.parts[1]:
            return "models must not include their neighbours"
        return None
    if folder.parts[0] != "sim" or len(folder.parts) < 3 or folder.parts[1] == "cli":
        return None
    if included[0] == "models":
        return "sim must not include models"
    mine = folder.parts[1]
    if included[0] != "sim" or mine == included[1]:
        return None
    floor, other = FLOORS[mine], FLOORS.get(included[1], 9)
    if other > floor or (other == floor == 6) or (mine in ("report", "audit") and other == 5):
        return f"{mine} ({floor}) must not include {included[1]} ({other})"
    return None


def opens_function(head):
    """Whether a brace after `head` opens a body: a parameter list, and no scope or initializer."""
    before = None
    while before != head:  # parameters may hold parentheses and `=`
        before, head = head, re.sub(r"\([^()]*\)", "@", head)
    head = re.sub(r"\boperator[^\w@]*", "", head)
    return "@" in head and not re.search(r"[()=]", head) and not SCOPE.search(head)


def functions(text):
    """(first line, number of lines) of each outermost function body with its head."""
    code = NOT_CODE.sub(lambda match: "\n" * match.group().count("\n"), text)
    depth, body, begin, start, line = 0, None, 0, 1, 1
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            head = code[begin:at]
            if body is None and opens_function(head):
                body, start = depth, line - head.lstrip().count("\n")
            depth += 1
        elif char == "}":
            depth -= 1
            if body == depth:
                yield start, line - start + 1
                body = None
        if char in "{};":
            begin = at + 1


def size_findings(path, text):
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, at most {MAX_LINES}"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
        if re.search(r"\bTODO\b(?!.*#\d)", line) and path.name not in ("tidy.py", "tidy_test.py"):
            yield f"{path}:{number}: TODO without an issue number"


def cpp_findings(path, text):
    in_sim = path.parts[0] == "sim" and path.parts[1] != "cli"
    for start, length in functions(text):
        if length > MAX_FUNCTION_LINES:
            yield f"{path}:{start}: function of {length} lines, at most {MAX_FUNCTION_LINES}"
    decides = path.parts[0] == "models" and path.parts[1] not in NO_DECISIONS
    if decides and SEES_TRUTH.search(text) and not SAYS_SO.search(text):
        yield f"{path}: sees true run times and does not describe itself as clairvoyant"
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}:"
        if in_sim and PRINTS.search(line.split("//")[0]):
            yield f"{where} the library never prints"
        if (in_sim or path.parts[0] == "models") and path.suffix == ".hpp" and HEAVY.match(line):
            yield f"{where} heavy headers belong in .cpp files"
        if decides and re.search(r"\b[Tt]ruth\b", NOT_CODE.sub("", line)):
            yield f"{where} a decision must not name the truth"
        if match := re.match(r'#include "([^"]+)"', line):
            error = include_error(path, match.group(1).split("/"))
            if error:
                yield f"{where} {error}"


def dead_files(texts):
    """Files that nothing builds, includes or names, nor any folder of theirs."""
    users = {path: text for path, text in texts.items()
             if path.suffix in CPP + SCRIPTS + (".json", "") or path.name == "CMakeLists.txt"}
    cmake = "\n".join(text for path, text in texts.items()
                      if path.suffix == ".cmake" or path.name == "CMakeLists.txt")
    globs = re.findall(r"[\w/]+/\*\.cpp", cmake)
    included = set(re.findall(r'#include ["<]([^">]+)[">]', "\n".join(texts.values())))
    for path in texts:
        name = str(path)
        if len(path.parts) == 1 or path.name == "README.md" or path.parts[0].startswith("."):
            continue
        if path.suffix == ".cpp" and any(fnmatch.fnmatch(name, glob) for glob in globs):
            continue
        if path.suffix == ".hpp":
            if name not in included:
                yield f"{path}: nothing includes it"
            continue
        folders = path.parents if len(path.parts) == 2 else path.parents[:-2]  # not all of tests/
        known = [path.name] + [str(folder) for folder in folders if folder.name]
        if not any(word in text for user, text in users.items() if user != path for word in known):
            yield f"{path}: no CMake file, test or script names it or its folder"


def read_project(root):
    """The text of each file that git knows or would add; empty for what is not text."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, check=True,
                            capture_output=True, text=True).stdout.splitlines()
    texts = {}
    for name in sorted(listed):
        try:
            texts[pathlib.PurePath(name)] = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            texts[pathlib.PurePath(name)] = ""
        except FileNotFoundError:
            pass  # deleted, and not yet in git
    return texts


def findings(texts):
    for path, text in texts.items():
        if path.suffix in CPP + SCRIPTS:
            yield from size_findings(path, text)
        if path.suffix in CPP:
            yield from cpp_findings(path, text)
    yield from dead_files(texts)


def main():
    texts = read_project(pathlib.Path(__file__).resolve().parent.parent)
    errors = sorted(findings(texts))
    print("\n".join(errors + [f"{len(texts)} files checked, {len(errors)} findings"]))
    return 1 if errors or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
