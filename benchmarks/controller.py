#!/usr/bin/env python3
"""Whole months under `scheduler: slurm`: CPU time and peak memory.

    benchmarks/controller.py [--build DIR] [--runs N] [--only WORD] [--profile DIR]

There is no yardstick for what a Slurm controller decides but Slurm itself, which takes as long as
the machines that it runs on; what is printed is therefore CPU seconds of this machine (user +
system, whole command), the simulated time over them, and the mean number of waiting jobs. With
--profile, the inputs are left in DIR, to be run under perf.
"""
import argparse
import csv
import io
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile

import run

COLUMNS = ("id,submit,user,account,partition,qos,nodes,ntasks,cpus_per_task,gres,mem,timelimit,"
           "duration,dependency,array,extra").split(",")


def write_trace(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def ubhpc(scratch, _build):
    """Three real days of UB-HPC, as published for the Slurm simulator of Buffalo."""
    source = run.SHARED / "traces" / "sacct" / "ubhpc-simweek"
    if not source.is_dir():
        return None
    packed = source / "workload_week.dev-day1-3.events.zst"
    text = subprocess.run(["zstd", "-dqc", packed], stdout=subprocess.PIPE, check=True).stdout
    rows = []
    names = "-dt|-sim-walltime|-J|-N|-n|-t|-q|-p|--uid|--mem|--gres"
    for line in text.decode().splitlines():
        option = dict(re.findall(rf"({names})[ =]+(\S+)", line))
        extra = re.findall(r"--constraint=\S+|--exclusive", line)
        rows.append({"id": option["-J"], "submit": option["-dt"], "user": option["--uid"],
                     "partition": option["-p"], "qos": option["-q"], "nodes": option["-N"],
                     "ntasks": option["-n"], "gres": option.get("--gres", ""),
                     "mem": option.get("--mem", ""), "timelimit": option["-t"],
                     "duration": int(float(option["-sim-walltime"])), "extra": " ".join(extra)})
    return source, write_trace(scratch / "ubhpc.csv", rows), []


def skynet(scratch, build):
    """SkyNet's month of 60,000 jobs: the shipped model's users at six times the rate, jobs a sixth
    as long, on the shipped cluster with its labs' limits and Fair Tree."""
    drawn = scratch / "skynet-drawn.csv"
    subprocess.run([build / "rehearse", "trace", "synth",
                    run.ROOT / "configs" / "workloads" / "skynet.yaml", "--seed", "1",
                    "--load", "5.3", "-o", drawn], stdout=subprocess.DEVNULL, check=True)
    rows = []
    for row in csv.DictReader(io.StringIO(drawn.read_text())):
        row["duration"] = "|".join(shorter(text) for text in row["duration"].split("|"))
        row["timelimit"] = str(max(1, -(-seconds_of(row["timelimit"]) // 360)))  # minutes
        rows.append(row)
    settings = ["scheduler.use=slurm", "scheduler.bf_interval=30", "scheduler.bf_window=2880",
                "scheduler.bf_continue=true", "scheduler.bf_max_job_test=3000",
                "scheduler.default_queue_depth=1000", "scheduler.decay_half_life=1-0",
                "priority.use=multifactor", "priority.age_weight=1000",
                "priority.fair_share_weight=10000", "priority.partition_weight=5000"]
    return (run.ROOT / "configs" / "clusters" / "skynet.yaml",
            write_trace(scratch / "skynet.csv", rows), settings)


def seconds_of(limit):
    """Of D-HH:MM:SS, as synth writes it."""
    days, _, clock = limit.rpartition("-")
    hours, minutes, seconds = clock.split(":")
    return ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)


def shorter(duration):
    """A sixth of it, with its exit code."""
    seconds, colon, rest = duration.partition(":")
    return f"{max(1, int(seconds) // 6)}{colon}{rest}"


ARCHER = """ClusterName=archer
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageEnforce=associations,limits,qos
PriorityType=priority/multifactor
PriorityWeightAge=2500
PriorityWeightFairshare=10000
PriorityWeightJobSize=2000
PriorityWeightQOS=4000
PriorityMaxAge=14-0
PriorityDecayHalfLife=2-0
SchedulerParameters=bf_interval=30,bf_continue,bf_window=1440,bf_resolution=600,\\
bf_max_job_test=500,bf_max_job_user=20,default_queue_depth=200,partition_job_depth=100
NodeName=nid[000001-005860] Sockets=2 CoresPerSocket=64 RealMemory=256000
PartitionName=standard Nodes=ALL Default=YES MaxTime=4-0 OverSubscribe=EXCLUSIVE State=UP
"""
ARCHER_QOS = ["add qos short Priority=10",
              "modify qos short set MaxTRESPU=node=32 MaxJobsPU=4 MaxSubmitPU=16 MaxWall=20",
              "add qos large Priority=5", "modify qos large set GrpTRES=node=4000",
              "add qos long", "modify qos long set GrpTRES=node=2048 MaxJobsPU=16 MaxWall=4-0"]


def archer_accounts(draw, projects):
    lines = list(ARCHER_QOS)
    for project in projects:
        lines.append(f"add account {project} Fairshare={draw.choice((1, 2, 5, 10, 20))}")
        for number in range(12):
            user = f"{project}u{number}"
            lines.append(f"add user {user} Account={project} Fairshare=1")
            lines.append(f"modify user {user} where Account={project} set QOS+=short,large,long")
    return "\n".join(lines) + "\n"


def archer_job(draw):
    """nodes, seconds, limit in minutes, QOS"""
    nodes = min(2048, max(1, int(draw.lognormvariate(1.2, 1.3))))
    qos = "large" if nodes > 512 else draw.choices(("normal", "short", "long"), (80, 15, 5))[0]
    most = {"short": 1200, "long": 345_600}.get(qos, 86_400)
    seconds = min(most, max(5, int(draw.lognormvariate(7.6, 1.6))))
    asked = -(-int(seconds * draw.choice((1.1, 1.5, 2, 4))) // 600) * 10
    return (min(nodes, 32 if qos == "short" else 2048), seconds,
            min(most // 60, max(10, asked)), qos)


def archer(scratch, _build, jobs=600_000):
    """Four months of 600,000 whole-node jobs on 5,860 nodes of 128 cores, in the shape of ARCHER2:
    Fair Tree over 60 projects, QOS limits, backfill every 30 s."""
    draw = random.Random(2)
    folder = scratch / "archer"
    folder.mkdir(exist_ok=True)
    projects = [f"e{number:02}" for number in range(60)]
    (folder / "slurm.conf").write_text(ARCHER)
    (folder / "accounts.txt").write_text(archer_accounts(draw, projects))
    drawn = [archer_job(draw) for _ in range(jobs)]
    gap = sum(nodes * seconds for nodes, seconds, _, _ in drawn) / jobs / 5860 / 0.93
    weights = [1 / (rank + 1) for rank in range(60)]
    now, rows = 0.0, []
    for number, (nodes, seconds, limit, qos) in enumerate(drawn):
        now += draw.expovariate(1 / gap)
        project = draw.choices(projects, weights)[0]
        rows.append({"id": number, "submit": int(now), "account": project, "qos": qos,
                     "user": f"{project}u{min(11, int(draw.expovariate(.5)))}", "nodes": nodes,
                     "ntasks": nodes * 128, "timelimit": limit, "duration": seconds})
    return folder, write_trace(scratch / "archer.csv", rows), []


CASES = {"ubhpc-3-days": ubhpc, "skynet-60k": skynet, "archer-600k": archer}


def figures_of(output):
    """Of jobs.csv: jobs that started, their mean wait, and how many waited on average."""
    with open(output / "jobs.csv", encoding="utf-8") as rows:
        jobs = list(csv.DictReader(rows))
    started = [row for row in jobs if row["start"]]
    waits = [float(row["start"]) - float(row["submit"]) for row in started]
    first = min(float(row["submit"]) for row in jobs)
    span = max(float(row["end"]) for row in started) - first
    return {"started": len(started), "days": span / 86400, "mean_wait_s": statistics.mean(waits),
            "mean_waiting": sum(waits) / span}


def run_case(name, case, arguments, scratch):
    cluster, trace, settings = case
    output = scratch / f"{name}-out"
    command = [arguments.build / "rehearse", "run", "--quiet", "--no-html", "--cluster", cluster,
               "--trace", trace, "--output", output]
    for setting in settings:
        command += ["--set", setting]
    used = [run.measure(command) for _ in range(arguments.runs)]
    return {"cpu_s": statistics.median(use.cpu for use in used),
            "peak_mib": max(use.peak_mib for use in used), **run.apart(figures_of, output)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=run.ROOT / "build" / "benchmarks")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="cases whose name has this word")
    parser.add_argument("--profile", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = arguments.profile or pathlib.Path(folder)
        scratch.mkdir(exist_ok=True)
        for name, make in CASES.items():
            if arguments.only not in name:
                continue
            case = run.apart(make, scratch, arguments.build)
            if case is None:
                print(f"{name}: skipped, no ../shared")
                continue
            figures = run_case(name, case, arguments, scratch)
            texts = [f"{key} {value:.4g}" for key, value in figures.items()]
            print(f"{name:<14}{'  '.join(texts)}", flush=True)


if __name__ == "__main__":
    main()
