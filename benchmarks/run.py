#!/usr/bin/env python3
"""Whole runs of rehearse beside the yardstick, in one run, with every start time compared.

    benchmarks/run.py [--build DIR] [--runs N] [--only WORD] [--record]
                      [--peer 'NAME=COMMAND with {log} and {procs}']

The machine's speed drifts, so what is quoted is the ratio of CPU times (user + system, whole
command) of runs made in turn, and its median. A run whose starts differ from the yardstick's, or a
yardstick whose starts differ from the published ones, is an error, not a figure. Logs of the
archive are looked for in ../shared (or REHEARSE_SHARED); without them only the synthetic one runs.
"""
import argparse
import concurrent.futures
import csv
import dataclasses
import datetime
import os
import pathlib
import random
import shlex
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = pathlib.Path(os.environ.get("REHEARSE_SHARED", ROOT.parent / "shared"))
HISTORY = ROOT / "benchmarks" / "history.csv"


@dataclasses.dataclass
class Case:
    """A log on a flat machine, and where its EASY schedule is published, if it is."""
    name: str
    cluster: str
    log: pathlib.Path
    published: pathlib.Path | None = None
    exact_limits: bool = False  # the published schedule knows run times
    depth: int | None = None  # jobs examined in a pass


@dataclasses.dataclass
class Usage:
    cpu: float
    wall: float
    peak_mib: float


def apart(function, *arguments):
    """The function's result, from a process of its own: a child's peak memory as the kernel counts
    it is at least that of the process that started it, so this one stays small."""
    with concurrent.futures.ProcessPoolExecutor(1) as process:
        return process.submit(function, *arguments).result()


def unpack(source, target):
    with open(target, "wb") as out:
        subprocess.run(["zstd", "-dqc", source], stdout=out, check=True)
    return target


def repeat_log(source, target, times):
    """The log, `times` times over, one copy after the other."""
    lines = source.read_text().splitlines()
    header = [line for line in lines if line.startswith(";")]
    rows = [line.split() for line in lines if line and not line.startswith(";")]
    span = max(int(row[1]) for row in rows) + 1
    with open(target, "w", encoding="ascii") as out:
        out.writelines(line + "\n" for line in header)
        for copy in range(times):
            for row in rows:
                number, submit = int(row[0]) + copy * len(rows), int(row[1]) + copy * span
                out.write(f"{number} {submit} {' '.join(row[2:])}\n")
    return target


def synthetic_log(target, jobs, seed=1):
    """Jobs for 1,000 processors at a load of 0.95: small ones mostly, limits 1 to 4 times too long.

    Sizes are powers of two up to 64 (half of the jobs take one processor), run times log-normal
    with a median of 10 minutes, arrivals a Poisson process.
    """
    draw = random.Random(seed)
    sizes = [draw.choice((1, 1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64)) for _ in range(jobs)]
    runs = [max(1, min(86400, int(draw.lognormvariate(6.4, 1.3)))) for _ in range(jobs)]
    gap = sum(size * run for size, run in zip(sizes, runs)) / jobs / 1000 / 0.95
    now = 0.0
    with open(target, "w", encoding="ascii") as out:
        out.write("; MaxProcs: 1000\n")
        for number, (size, run) in enumerate(zip(sizes, runs), 1):
            now += draw.expovariate(1 / gap)
            limit = int(run * draw.uniform(1, 4)) + 1
            out.write(f"{number} {int(now)} -1 {run} {size} -1 -1 {size} {limit} -1 1 "
                      f"{number % 100} 1 -1 1 -1 -1 -1\n")
    return target


def make_cases(scratch):
    cases = []
    peers, references = SHARED / "peers", SHARED / "traces" / "swf-reference"
    if peers.is_dir():
        kth = unpack(peers / "kthsp2_28k.swf.zst", scratch / "kth.swf")
        cases.append(Case("kth-sp2", "100x1", kth, peers / "ref_kthsp2_28k_easy.csv.zst"))
        cases.append(Case("kth-sp2-x10", "100x1", repeat_log(kth, scratch / "kth10.swf", 10)))
    if references.is_dir():
        curie = references / "CEA-curie.easy-clairvoyant.swf.zst"
        cases.append(Case("curie", "5040x16", unpack(curie, scratch / "curie.swf"), curie,
                          exact_limits=True))
    for name, jobs in (("synthetic-100k", 100_000), ("synthetic-1m", 1_000_000)):
        log = synthetic_log(scratch / f"{name}.swf", jobs)
        cases.append(Case(name, "1000x1", log, depth=100))
    return cases


def processors(cluster):
    nodes, cpus = cluster.split("x")
    return int(nodes) * int(cpus)


def measure(command):
    """Runs a command; its CPU seconds, wall seconds and peak memory as the kernel counted them."""
    before = datetime.datetime.now()
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, stdout=null, stderr=subprocess.PIPE)
        errors = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))}: exit {child.returncode}\n{errors.decode()}")
    wall = (datetime.datetime.now() - before).total_seconds()
    return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def rehearse_command(build, case, output):
    command = [build / "rehearse", "run", "--quiet", "--no-html", "--cluster", case.cluster,
               "--trace", case.log, "--output", output,
               "--set", "priority=fifo", "--set", "backfill=easy"]
    if case.depth:
        command += ["--set", f"backfill.max_jobs={case.depth}"]
    if case.exact_limits:
        command += ["--repair", "limit-from-runtime"]
    return command


def yardstick_command(build, case, output):
    command = [build / "rehearse_yardstick", case.log, output]
    if case.depth:
        command += ["--depth", str(case.depth)]
    if case.exact_limits:
        command += ["--exact-limits"]
    return command


def starts(path, job="job"):
    """job -> start of a schedule: a CSV, or an SWF in which it is submit + wait."""
    if path.suffix == ".zst":
        text = subprocess.run(["zstd", "-dqc", path], stdout=subprocess.PIPE, check=True).stdout
        lines = text.decode().splitlines()
    else:
        lines = path.read_text().splitlines()
    if ".swf" in path.name:
        rows = (line.split() for line in lines if not line.startswith(";"))
        return {row[0]: int(row[1]) + int(row[2]) for row in rows}
    return {row[job]: int(row["start"]) for row in csv.DictReader(lines)}


def require_equal(name, got, want):
    different = sum(got.get(job) != start for job, start in want.items())
    if different or len(got) != len(want):
        raise ValueError(f"{name}: {different} of {len(want)} starts differ, {len(got)} jobs")


def verify(case, jobs, schedule):
    """The number of jobs, all of which start when they should."""
    want = starts(schedule)
    require_equal(f"{case.name}: rehearse", starts(jobs, "id"), want)
    if case.published:
        require_equal(f"{case.name}: yardstick", want, starts(case.published))
    return len(want)


def run_case(case, build, runs, peers, scratch):
    """The figures of a case, by name, once its schedules are found equal."""
    output, schedule = scratch / "out", scratch / "yardstick.csv"
    ours, theirs = [], []
    commands = {name: shlex.split(command.format(log=case.log, procs=processors(case.cluster)))
                for name, command in peers.items()}
    by_peer = {name: [] for name in peers}
    for _ in range(runs):
        ours.append(measure(rehearse_command(build, case, output)))
        theirs.append(measure(yardstick_command(build, case, schedule)))
        for name, command in commands.items():
            by_peer[name].append(measure(command))
    figures = {
        "jobs": apart(verify, case, output / "jobs.csv", schedule),
        "cpu_s": statistics.median(use.cpu for use in ours),
        "cpu_s_min": min(use.cpu for use in ours),
        "cpu_s_max": max(use.cpu for use in ours),
        "wall_s": statistics.median(use.wall for use in ours),
        "peak_mib": max(use.peak_mib for use in ours),
        "yardstick_cpu_s": statistics.median(use.cpu for use in theirs),
        "ratio": statistics.median(a.cpu / b.cpu for a, b in zip(ours, theirs)),
    }
    for name, used in by_peer.items():
        figures[f"{name}_cpu_s"] = statistics.median(use.cpu for use in used)
    return figures


def record(results):
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=10", "HEAD"], check=True,
                            capture_output=True, text=True).stdout.strip()
    date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    is_new = not HISTORY.exists()
    with open(HISTORY, "a", newline="", encoding="ascii") as out:
        writer = csv.writer(out, lineterminator="\n")
        if is_new:
            writer.writerow(["date", "commit", "case", "figure", "value"])
        for case, figures in results.items():
            writer.writerows([date, commit, case, name, f"{value:.4g}"]
                             for name, value in figures.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "benchmarks")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="cases whose name has this word")
    parser.add_argument("--record", action="store_true", help="append to benchmarks/history.csv")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    peers = dict(peer.split("=", 1) for peer in arguments.peer)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        for case in apart(make_cases, scratch):
            if arguments.only in case.name:
                figures = run_case(case, arguments.build, arguments.runs, peers, scratch)
                results[case.name] = figures
                texts = [f"{name} {value:.4g}" for name, value in figures.items()]
                print(f"{case.name:<16}{'  '.join(texts)}", flush=True)
    for small, large in (("kth-sp2", "kth-sp2-x10"), ("synthetic-100k", "synthetic-1m")):
        if small in results and large in results:
            growth = results[large]["cpu_s"] / results[small]["cpu_s"]
            print(f"ten times the jobs of {small}: {growth:.2f} times the CPU time")
    if arguments.record:
        record(results)


if __name__ == "__main__":
    main()
