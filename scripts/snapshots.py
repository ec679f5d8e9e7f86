"""What sprio, sshare and squeue showed of a real slurmctld, beside `rehearse run --snapshot`.

A scenario's snapshots/ holds SECONDS.sprio.txt, .sshare.psv and .squeue.psv, taken at that second
with the clock standing still (../shared/oracle/README.md). Compared, figure by figure, as printed:

  priorities  rows of sprio: priority and each weighted factor; squeue's priority of every job
  usage       rows of sshare: shares, raw, normalised and effective usage, factor, level
  reasons     of pending jobs
  plans       starts that squeue shows of pending jobs
"""
import csv
import datetime
import re

WHAT = ("priorities", "usage", "reasons", "plans")
ORIGIN = datetime.datetime(2026, 1, 5)
AT_THE_END = 9999999  # taken when all was over, at no certain time
SPRIO = ("user", "partition", "priority", "age", "fairshare", "jobsize", "partition_factor", "qos",
         "tres", "nice")
SSHARE = ("raw_shares", "norm_shares", "raw_usage", "norm_usage", "effective_usage", "fair_share",
          "level_fs")
# Words that slurmctld puts in the place of a reason's name.
WORDS = ((r"ReqNodeNotAvail.*", "ReqNodeNotAvail"),
         (r"Nodes required for job are DOWN.*", "Resources"),
         (r"Job's (account|QOS) not permitted to use this partition.*", "PartitionConfig"))


def times(folder):
    """Seconds of the scenario's snapshots."""
    found = {int(path.name.split(".")[0]) for path in (folder / "snapshots").glob("*.squeue.psv")}
    return sorted(found - {AT_THE_END})


def lines(folder, second, name):
    text = (folder / f"snapshots/{second:07d}.{name}").read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines() if line.strip()]


def name_of(number, name):
    """Slurm's 46_2 and 12+1 as J075_2 and J012+1."""
    return name + re.sub(r"^\d+", "", number)


def real_queue(folder, second):
    """By name: state, reason, priority and start of squeue's jobs; and names by Slurm's id."""
    jobs, names = {}, {}
    for row in lines(folder, second, "squeue.psv"):
        name = name_of(row[0], row[1])
        reason = row[7]
        for words, short in WORDS:
            reason = re.sub(words, short, reason)
        start = "" if row[9] == "N/A" else str(int(
            (datetime.datetime.fromisoformat(row[9]) - ORIGIN).total_seconds()))
        if row[6] not in ("PENDING", "RUNNING"):  # COMPLETING
            continue
        jobs[name] = {"state": row[6], "reason": reason, "priority": row[8], "start": start}
        if row[6] == "PENDING":  # of an array's record: any of its tasks
            names.setdefault(row[0].partition("_")[0], name)
    return jobs, names


def compare_tables(real, ours, columns, note):
    """Of all rows how many are equal in all columns."""
    equal = 0
    for key in real.keys() | ours.keys():
        mine, theirs = ours.get(key), real.get(key)
        differing = [c for c in columns if not (mine and theirs) or mine[c] != theirs[c]]
        equal += not differing
        if differing:
            note(key, [(c, theirs and theirs[c], mine and mine[c]) for c in differing])
    return equal, len(real.keys() | ours.keys())


def read(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def without(table, unsteady, second):
    """The rows of sshare that do not hang on ends on which two runs of the real thing disagree: of
    the others' users and accounts, and only of shares, raw use and rank."""
    late = [each for each in unsteady if each["end"] <= second]
    if not late:
        return table
    touched = {("root", "")} | {(each["account"], user) for each in late
                                for user in (each["user"], "")}
    kept = ("raw_shares", "norm_shares", "raw_usage", "fair_share")
    return {key: {c: row[c] if c in kept else "" for c in SSHARE}
            for key, row in table.items() if key not in touched}


def compare(folder, golden_ids, unsteady, output):
    """By WHAT the figures that are equal and all; and a line for each that is not. `unsteady`:
    attempts whose ends differ between two runs of the real thing."""
    counts = {what: [0, 0] for what in WHAT}
    differences = []

    def add(what, second, real, ours, columns):
        def note(key, fields):
            told = ", ".join(f"{c} {mine if mine != '' else '-'} (slurm {theirs})"
                             for c, theirs, mine in fields)
            name = " ".join(key) if isinstance(key, tuple) else key
            differences.append(f"{what} at {second}: {name}: {told}")
        for at, count in enumerate(compare_tables(real, ours, columns, note)):
            counts[what][at] += count

    for second in times(folder):
        stem = output / f"snapshots/{second}."
        jobs, names = real_queue(folder, second)
        ours = {row["id"]: row for row in read(f"{stem}squeue.csv")}

        def of_state(table, state):
            return {name: row for name, row in table.items() if row["state"] == state}
        add("reasons", second, of_state(jobs, "PENDING"), of_state(ours, "PENDING"), ["reason"])
        add("plans", second, of_state(jobs, "PENDING"), of_state(ours, "PENDING"), ["start"])
        add("priorities", second, jobs, ours, ["priority"])
        add("priorities", second, *sprio_tables(folder, second, f"{stem}sprio.csv", golden_ids,
                                                names, of_state(jobs, "PENDING")), SPRIO[2:])
        tables = sshare_tables(folder, second, f"{stem}sshare.csv")
        add("usage", second, *(without(each, unsteady, second) for each in tables), SSHARE)
    return counts, differences


def sprio_tables(folder, second, path, golden_ids, names, pending):
    """By name and partition; sprio has one row for the tasks of an array that have no record."""
    real, wanted = {}, set()
    for row in lines(folder, second, "sprio.txt"):
        name = golden_ids.get(row[0], row[0])
        name = name if name in pending else names.get(row[0], name)
        wanted.add(name)
        real[name, row[2]] = dict(zip(SPRIO, row[1:]))
    ours = {(row["id"], row["partition"]): row for row in read(path)
            if row["id"] in wanted or "_" not in row["id"]}
    return real, ours


def sshare_tables(folder, second, path):
    """By account and user."""
    real = {}
    for row in lines(folder, second, "sshare.psv")[1:]:
        real[row[0].strip(), row[1]] = dict(zip(SSHARE, row[2:9]))
    return real, {(row["account"], row["user"]): row for row in read(path)}
