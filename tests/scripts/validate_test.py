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
if sys.argv[1] == "audit":
    print({violations!r} + "5 jobs, 6 attempts, 6 shares checked: some violations")
    sys.exit({violations!r} != "")
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir(exist_ok=True)
if "--snapshot" in sys.argv:
    (output / "snapshots").mkdir()
    for name, text in {pictures!r}.items():
        (output / "snapshots" / name).write_text(text)
(output / "jobs.csv").write_text({ours!r})
sys.exit(1)
"""


PICTURES = {
    "0000007.sprio.txt": "3|u1|p|120|20|100|0|0|0||0\n12|u1|p|90|0|90|0|0|0|gres/gpu=5|0\n",
    "0000007.sshare.psv": "Account|User|RawShares|NormShares|RawUsage|NormUsage|EffectvUsage|"
                          "FairShare|LevelFS\nroot|||0.000000|40||1.000000||\n"
                          " a|u1|1|1.000000|40|1.000000|1.000000|1.000000|1.000000\n",
    "0000007.squeue.psv": "12_1|A|u1|a|p|n|PENDING|Nodes required for job are DOWN, DRAINED or "
                          "reserved for jobs in higher priority partitions|90|N/A|1:00|(x)\n"
                          "3|C|u1|a|p|n|PENDING|Priority|120|2026-01-05T00:01:40|1:00|(x)\n"
                          "4|E|u1|a|p|n|RUNNING|None|50|2026-01-05T00:00:05|1:00|n4\n",
    "9999999.squeue.psv": ""}
OUR_PICTURES = {
    "7.sprio.csv": "id,user,partition,priority,age,assoc,fairshare,jobsize,partition_factor,qos,"
                   "tres,nice\nA_1,u1,p,90,0,0,90,0,0,0,gres/gpu=5,0\n"
                   "C,u1,p,121,21,0,100,0,0,0,,0\n",
    "7.sshare.csv": "account,user,raw_shares,norm_shares,raw_usage,norm_usage,effective_usage,"
                    "fair_share,level_fs\nroot,,,0.000000,40,,1.000000,,\n"
                    "a,u1,1,1.000000,40,1.000000,1.000000,1.000000,1.000000\n",
    "7.squeue.csv": "id,state,reason,priority,start\nA_1,PENDING,Resources,90,\n"
                    "C,PENDING,Priority,121,100\nE,RUNNING,None,50,5\n"}


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
        self.answer(OURS)
        self.program.chmod(0o755)

    def answer(self, ours, violations=""):
        self.program.write_text(PROGRAM.format(python=sys.executable, ours=ours,
                                               violations=violations, pictures=OUR_PICTURES))

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
        self.answer(ours + full)
        result = json.loads(self.run_it("--scenario", "tiny", "--json").stdout)["tiny"]
        self.assertEqual(result["shares"]["rejections"], 1)
        self.assertEqual(result["differing"], [["B", 0]])
        # One task that gets through is no refusal of the array.
        through = full.replace("REJECTED", "PENDING", 1)
        self.answer(ours + through)
        result = json.loads(self.run_it("--scenario", "tiny", "--json").stdout)["tiny"]
        self.assertLess(result["shares"]["rejections"], 1)

    def test_differences_show_both_rows(self):
        text = self.run_it("--list-differences", "tiny").stdout
        self.assertIn("slurm    10..20 n3 CANCELLED", text)
        self.assertIn("rehearse 11..20 n3 CANCELLED", text)

    def test_snapshots_are_compared_figure_by_figure(self):
        place = pathlib.Path(self.folder.name) / "oracle/scenarios/tiny/snapshots"
        place.mkdir()
        for name, text in PICTURES.items():
            (place / name).write_text(text)
        result = json.loads(self.run_it("--scenario", "tiny", "--json").stdout)["tiny"]
        self.assertEqual({what: result["shares"][what] for what in validate.PICTURES},
                         {"priorities": 3 / 5, "usage": 1, "reasons": 1, "plans": 1})
        self.assertEqual(sorted(result["pictures"]),
                         ["priorities at 7: C p: priority 121 (slurm 120), age 21 (slurm 20)",
                          "priorities at 7: C: priority 121 (slurm 120)"])

    def test_schedules_are_audited(self):
        done = self.run_it("--scenario", "tiny")
        self.assertIn("audit: 0 violations", done.stdout)
        self.assertEqual(done.returncode, 0)
        self.answer(OURS, "node-overused: job A on n1: 5 CPUs in use\n")
        done = self.run_it("--scenario", "tiny")
        self.assertIn("audit: 1 violations", done.stdout)
        self.assertIn("tiny: audit: 1 violations, the first: node-overused: job A", done.stderr)
        self.assertEqual(done.returncode, 1)

    def test_host_lists(self):
        self.assertEqual(validate.expand("a[01-03,7],b2"), {"a01", "a02", "a03", "a7", "b2"})
        self.assertEqual(validate.expand("r[1-2]n[1-2]"), {"r1n1", "r1n2", "r2n1", "r2n2"})
        self.assertEqual(validate.expand(""), frozenset())

    def test_components_of_a_heterogeneous_job_are_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            table = pathlib.Path(folder) / "golden.csv"
            head, *rows = GOLDEN.splitlines()
            jobs = ("1+0", "1+1", "2", "3", "4")
            table.write_text("\n".join([f"{head},JobID"] + [
                f"{'A' if '+' in job else row[0]}{row[1:]},{job}"
                for row, job in zip(rows, jobs)]) + "\n")
            self.assertEqual(list(validate.golden_attempts(table)),
                             [("A+0", 0), ("A+1", 0), ("B", 0), ("C", 0), ("E", 0)])

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
