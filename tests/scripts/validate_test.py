#!/usr/bin/env python3
"""scripts/validate on a scenario of four jobs, with a program that answers from a file."""
import importlib.machinery
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADER = importlib.machinery.SourceFileLoader("validate", str(ROOT / "scripts/validate"))
validate = importlib.util.module_from_spec(importlib.util.spec_from_loader("validate", LOADER))
LOADER.exec_module(validate)

GOLDEN = """\
id,run,submit_s,eligible_s,start_s,end_s,User,Partition,TimelimitRaw,State,Priority,Flags,NNodes,\
AllocCPUS,NodeList,Reason
A,0,0,0,0,50,u1,p,10,PREEMPTED,1,"SchedMain,StartRecieved",2,8,n[1-2],None
A,1,50,171,180,230,u1,p,10,COMPLETED,1,SchedBackfill,1,4,n1,None
B,0,5,5,10,20,u1,p,10,CANCELLED by 0,1,SchedMain,1,4,n3,None
C,0,6,6,,,u1,p,10,PENDING,1,,1,1,None assigned,QOSMaxCpuPerUserLimit
E,0,7,7,30,40,u1,p,10,COMPLETED,1,SchedMain,1,1,n4,None
"""
OURS = """\
id,attempt,user,partition,state,submit,eligible,start,end,time_limit,cpus,node_list,started_by,\
reasons
A,0,u1,p,PREEMPTED,0,0,0,50,600,8,"n1,n2",main,
A,1,u1,p,COMPLETED,50,171,180,230,600,4,n1,backfill,BeginTime=121
B,0,u1,p,CANCELLED,5,5,11,20,600,4,n3,main,
C,0,u1,p,PENDING,6,6,,,600,0,,,QOSMaxCpuPerUserLimit=9
D,0,u1,p,REJECTED,6,,,,600,0,,,
E,0,u1,p,COMPLETED,7,7,35,45,600,1,n4,main,
"""
PROGRAM = """\
#!{python}
import sys, pathlib
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir(exist_ok=True)
(output / "jobs.csv").write_text({ours!r})
sys.exit(1)
"""


class ValidateTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        shared = pathlib.Path(self.folder.name)
        scenario = shared / "oracle/scenarios/tiny"
        scenario.mkdir(parents=True)
        (scenario / "jobs.csv").write_text("id,submit,duration\nA,0,1\nB,5,1\nC,6,1\nD,6,1\n")
        (scenario / "golden.csv").write_text(GOLDEN)
        (scenario / "golden2.csv").write_text(GOLDEN.replace("E,0,7,7,30,40", "E,0,7,7,33,43"))
        (scenario / "golden.csv.rejects.txt").write_text("D,sbatch: error: no\nmore, of it\n")
        (scenario / "golden.csv.leftover.squeue").write_text(
            "JOBID|NAME|USER|PARTITION|STATE|REASON\n3|C|u1|p|PENDING|QOSMaxCpuPerUserLimit\n")
        self.program = shared / "program"
        self.program.write_text(PROGRAM.format(python=sys.executable, ours=OURS))
        self.program.chmod(0o755)

    def run_it(self, *arguments):
        return subprocess.run([sys.executable, ROOT / "scripts/validate", "--program",
                               self.program, *arguments], capture_output=True, text=True,
                              check=False, env={"REHEARSE_SHARED": self.folder.name})

    def test_attempts_are_compared_by_id_and_run(self):
        result = json.loads(self.run_it("--scenario", "tiny", "--json").stdout)["tiny"]
        self.assertEqual(result["attempts"], 3)  # E is not steady, C never starts
        self.assertAlmostEqual(result["shares"]["starts"], 2 / 3)
        for same in ("ends", "nodes", "states", "starters", "rejections", "leftover"):
            self.assertEqual(result["shares"][same], 1, same)
        self.assertEqual(result["differing"], [["B", 0]])
        self.assertEqual(result["inversions"], 0)

    def test_a_refused_array_is_one_submission(self):
        lines = OURS.splitlines(keepends=True)
        refused = next(line for line in lines if line.startswith("D,"))
        ours = "".join(line for line in lines if line is not refused)
        full = "".join(refused.replace("D,", f"D_{task},", 1) for task in range(3))
        self.program.write_text(PROGRAM.format(python=sys.executable, ours=ours + full))
        result = json.loads(self.run_it("--scenario", "tiny", "--json").stdout)["tiny"]
        self.assertEqual(result["shares"]["rejections"], 1)
        self.assertEqual(result["differing"], [["B", 0]])
        # One task that gets through is no refusal of the array.
        through = full.replace("REJECTED", "PENDING", 1)
        self.program.write_text(PROGRAM.format(python=sys.executable, ours=ours + through))
        result = json.loads(self.run_it("--scenario", "tiny", "--json").stdout)["tiny"]
        self.assertLess(result["shares"]["rejections"], 1)

    def test_differences_show_both_rows(self):
        text = self.run_it("--list-differences", "tiny").stdout
        self.assertIn("slurm    10..20 n3 CANCELLED", text)
        self.assertIn("rehearse 11..20 n3 CANCELLED", text)

    def test_host_lists(self):
        self.assertEqual(validate.expand("a[01-03,7],b2"), {"a01", "a02", "a03", "a7", "b2"})
        self.assertEqual(validate.expand("r[1-2]n[1-2]"), {"r1n1", "r1n2", "r2n1", "r2n2"})
        self.assertEqual(validate.expand(""), frozenset())

    def test_what_falls_is_said(self):
        result = {"tiny": {"shares": dict.fromkeys(validate.SHARES, 0.5)}}
        with tempfile.TemporaryDirectory() as folder:
            validate.EXPECTED = pathlib.Path(folder) / "expected.json"
            validate.update(result, "22.05")
            self.assertEqual(validate.fallen(result, "22.05"), [])
            result["tiny"]["shares"]["starts"] = 0.4
            self.assertEqual(validate.fallen(result, "22.05"),
                             ["tiny: starts fell from 0.5000 to 0.4000"])
            validate.update(result, "22.05")  # never lowers
            self.assertEqual(len(validate.fallen(result, "22.05")), 1)


if __name__ == "__main__":
    unittest.main()
