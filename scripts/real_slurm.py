"""Run a short scenario on the Slurm that is installed here, by the wall clock: scripts/validate.

Fake nodes on the loopback, as root, without accounting: what needs accounts or a data base is
refused. A wall clock repeats no start to the second, so `validate` compares with a tolerance; the
goldens of tests/slurm come from a virtual clock instead.

Three traps: a daemon believes that it is one only under its own name (slurmctld, not the
slurmctld-wlm of Debian); fake sizes of nodes need SlurmdParameters=config_overrides; GPUs need
files that are character devices.
"""
import argparse
import csv
import datetime
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LONGEST = 900  # seconds of submissions: it takes as long as it takes
TOLERANCE = 5  # seconds: a turn of the scheduler, and how long it takes to end a job
PORT = 12000 + os.getpid() % 200 * 100  # those of the nodes follow; none is an ephemeral one
FOR_EVER = ("DependencyNeverSatisfied", "PartitionTimeLimit", "PartitionConfig",
            "PartitionNodeLimit", "JobHeld", "BadConstraints", "QOS", "Assoc")
OPTIONS = {"account": "-A", "partition": "-p", "qos": "-q", "nodes": "-N", "ntasks": "-n",
           "cpus_per_task": "-c", "gres": "--gres", "mem": "--mem", "timelimit": "-t",
           "array": "-a"}
PLUMBING = """\
ClusterName=validate
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobcomp
SlurmdParameters=config_overrides
SlurmdTimeout=0
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
"""
COLUMNS = ("id", "run", "submit_s", "eligible_s", "start_s", "end_s", "User", "Partition",
           "TimelimitRaw", "State", "Priority", "Flags", "NNodes", "AllocCPUS", "NodeList",
           "Reason")


def is_installed():
    return all(shutil.which(each) for each in ("slurmctld", "slurmd", "sbatch", "scontrol"))


class Refused(Exception):
    """The scenario is nothing for a wall clock and a bare slurmctld."""


def plain_conf(text, expand):
    """The lines of slurm.conf with ports for the nodes, and all nodes with theirs."""
    lines, nodes = [], []
    for line in text.replace("\\\n", " ").splitlines():
        key = line.split("=", 1)[0].strip().lower()
        if key.startswith("accountingstorage") and "tres" not in key:
            raise Refused("it needs accounts, and this Slurm has no data base")
        if key == "nodename" and "NodeName=DEFAULT" not in line:
            names = sorted(expand(re.search(r"=(\S+)", line).group(1)))
            first = PORT + 1 + len(nodes)
            nodes += names
            ports = first if len(names) == 1 else f"[{first}-{first + len(names) - 1}]"
            line += f" NodeAddr=127.0.0.1 NodeHostname=localhost Port={ports}"
        if not key.startswith("clustername"):
            lines.append(line)
    if not 0 < len(nodes) <= 64:
        raise Refused(f"it has {len(nodes)} nodes; from 1 to 64 will do")
    return "\n".join(lines) + "\n", nodes


def device_files(folder, text):
    """gres.conf with a character device for each GPU: as many as the longest list wants."""
    lines = ["AutoDetect=off"]
    for line in text.splitlines():
        count = re.search(r"\bCount=(\d+)", line, re.I)
        if count and "file=" not in line.lower():
            line += f" File={folder}/dev[0-{int(count.group(1)) - 1}]".replace("[0-0]", "0")
        else:
            line = re.sub(r"File=/dev/[a-z]+", f"File={folder}/dev", line)
        lines.append(line)
    for number in range(32):
        os.mknod(folder / f"dev{number}", 0o666 | 0o020000, os.makedev(1, 3))  # as /dev/null
    return "\n".join(lines) + "\n"


class RealSlurm:
    def __init__(self, scenario, folder, expand):
        self.scenario, self.folder = scenario, folder
        self.ids, self.names, self.rejected = {}, {}, []
        self.daemons = []
        self.env = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "TZ": "UTC",
                    "SLURM_TIME_FORMAT": "%s"}
        conf, self.nodes = plain_conf((scenario / "slurm.conf").read_text(), expand)
        (folder / "slurm.conf").write_text(conf + PLUMBING.format(
            folder=folder, port=PORT, host=os.uname().nodename))
        if (scenario / "gres.conf").exists():
            (folder / "gres.conf").write_text(device_files(folder, (scenario / "gres.conf")
                                                           .read_text()))
        if (scenario / "topology.conf").exists():
            shutil.copy(scenario / "topology.conf", folder)
        (folder / "state").mkdir()

    def command(self, *words):
        return subprocess.run([str(each) for each in words], env=self.env, text=True,
                              capture_output=True, check=False, cwd=self.folder)

    def daemon(self, *words):
        return subprocess.Popen(words, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.daemons.append(self.daemon("slurmctld", "-D"))
        self.began = time.time()
        for node in self.nodes:
            self.daemons.append(self.daemon("slurmd", "-D", "-N", node))
        for _ in range(60):
            time.sleep(1)
            states = self.command("sinfo", "-h", "-N", "-o", "%T").stdout.split()
            if states and all(state.startswith("idle") and not state.endswith("*")
                              for state in states):
                return
        raise Refused("its nodes do not come up:\n" + self.command("sinfo", "-N", "-l").stdout)

    def stop(self):
        for daemon in self.daemons:
            daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()

    def submit(self, row):
        words = ["sbatch", "--parsable", "-J", row["id"], "-o", "/dev/null", "-e", "/dev/null"]
        for column, option in OPTIONS.items():
            if row.get(column):
                joined = option.startswith("--")
                words += [f"{option}={row[column]}"] if joined else [option, row[column]]
        if row.get("dependency"):
            known = lambda match: self.ids.get(match.group(0), match.group(0))
            words += ["-d", re.sub(r"(?<=:)[A-Za-z]\w*", known, row["dependency"])]
        words += shlex.split(row.get("extra") or "")
        seconds, code, ignores = (row["duration"] + "::").split(":")[:3]
        trap = "trap '' TERM; " if ignores == "i" else ""
        script = self.folder / f"{row['id']}.sh"
        script.write_text(f"#!/bin/sh\n{trap}sleep {seconds}\nexit {code or 0}\n")
        done = self.command(*words, script)
        if done.returncode:
            self.rejected.append((row["id"], done.stderr.strip().splitlines()[0]))
            return
        self.ids[row["id"]] = done.stdout.strip().split(";")[0]
        self.names[self.ids[row["id"]]] = row["id"]

    def operate(self, command):
        command = re.sub(r"\{T\+(\d+)\}", lambda m: datetime.datetime.utcfromtimestamp(
            self.origin + int(m.group(1))).strftime("%Y-%m-%dT%H:%M:%S"), command)
        command = re.sub(r"\{id:(\w+)\}", lambda m: self.ids.get(m.group(1), m.group(1)), command)
        self.command(*shlex.split(command))

    def replay(self, rows, events):
        self.origin = int(time.time()) + 3
        steps = [(float(row["submit"]), self.submit, row) for row in rows]
        steps += [(float(row["offset"]), self.operate, row["command"]) for row in events]
        for offset, act, what in sorted(steps, key=lambda step: step[0]):
            time.sleep(max(0, self.origin + offset + 0.25 - time.time()))
            act(what)
        while self.queue("R,CG,CF", "%i") or self.is_waiting():
            time.sleep(2)
        time.sleep(6)  # until the last reasons are given

    def is_waiting(self):
        """Whether a pending job may still start."""
        return any(not reason.startswith(FOR_EVER) for reason in self.queue("PD", "%r"))

    def queue(self, states, field):
        """A field of the jobs in these states; a controller that is busy is asked again."""
        while True:
            done = self.command("squeue", "-h", "-t", states, "-o", field)
            if done.returncode == 0:
                return done.stdout.splitlines()
            time.sleep(1)

    def attempts(self):
        """Rows of golden.csv, from the completion log and what is still there."""
        rows, runs = [], {}
        log = self.folder / "jobcomp"
        for line in log.read_text().splitlines() if log.exists() else ():
            field = dict(re.findall(r"(\w+)=(\S*)", line))
            is_task = field.get("ArrayTaskId", "").isdigit()
            name = self.names.get(field["ArrayJobId"] if is_task else field["JobId"])
            if name is None:
                continue  # refused jobs are in the log, as failed
            if is_task:
                name += "_" + field["ArrayTaskId"]
            run = runs[name] = runs.get(name, -1) + 1
            limit = field["TimeLimit"]
            started = field["NodeList"] not in ("", "(null)")
            if field["JobState"] == "PENDING":
                field["JobState"] = "REQUEUED"
            rows.append((name, run, self.offset(field["SubmitTime"]),
                         self.offset(field["EligibleTime"]),
                         self.offset(field["StartTime"]) if started else "",
                         self.offset(field["EndTime"]), "root", field["Partition"], limit,
                         field["JobState"], "", "", field["NodeCnt"], field["ProcCnt"],
                         field["NodeList"] if started else "", ""))
        return rows

    def offset(self, text):
        try:
            when = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            return ""
        return int(when.timestamp()) - self.origin

    def left_over(self):
        return self.command("squeue", "-h", "-t", "PD", "-r", "-o", "%i|%j|%u|%P|%T|%r").stdout


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def events_of(path):
    if not path.exists():
        return []
    pairs = [line.split(",", 1) for line in path.read_text().splitlines()[1:] if line]
    return [{"offset": offset, "command": command.strip('"')} for offset, command in pairs]


def record(scenario, expand, result):
    """Runs `scenario` and writes it with its golden.csv into the folder `result`."""
    rows = rows_of(scenario / "jobs.csv")
    if max(float(row["submit"]) for row in rows) > LONGEST:
        raise Refused(f"it submits for more than {LONGEST} s of a wall clock")
    with tempfile.TemporaryDirectory(prefix="real_slurm.") as folder:
        real = RealSlurm(scenario, pathlib.Path(folder), expand)
        try:
            real.start()
            real.replay(rows, events_of(scenario / "events.csv"))
            attempts, left = real.attempts(), real.left_over()
        finally:
            real.stop()
        for name in ("slurm.conf", "gres.conf", "topology.conf", "jobs.csv", "events.csv"):
            if (scenario / name).exists():
                shutil.copy(scenario / name, result)
    with open(result / "golden.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *attempts])
    (result / "golden.csv.rejects.txt").write_text(
        "".join(f"{name},{why}\n" for name, why in real.rejected))
    (result / "golden.csv.leftover.squeue").write_text(
        "JOBID|NAME|USER|PARTITION|STATE|REASON\n" + left)
    return int(real.origin - real.began)


def near(golden, ours):
    """Our times, where they are within the tolerance of the real ones, are the real ones."""
    for key, attempt in golden.items():
        for what in ("start", "end"):
            mine = ours.get(key, {}).get(what)
            if mine is not None and attempt[what] is not None and \
                    abs(mine - attempt[what]) <= TOLERANCE:
                ours[key][what] = attempt[what]


def compare(options, tool):
    """One run of the real thing and of ours: what the tool says of them, or why it cannot be."""
    with tempfile.TemporaryDirectory(prefix="real_golden.") as folder:
        result = pathlib.Path(folder)
        try:
            before = record(options.real, tool.expand, result)
        except Refused as refused:
            sys.exit(f"validate: {options.real} cannot be run here: {refused}")
        own = argparse.Namespace(**vars(options))
        own.set = [*options.set, f"scheduler.started_before={before}"]
        golden = result / "golden.csv"
        return tool.result_of(own, result, golden,
                              lambda ours: near(tool.golden_attempts(golden), ours))


def validate(options, tool):
    """The command `scripts/validate --real DIR`. What a busy machine delayed is not there in a
    second run, a wrong rule is: a difference has to come up in both."""
    if not is_installed():
        print("validate: skipped, there is no slurmctld and slurmd here (apt-get install "
              "slurmctld slurmd slurm-client slurm-wlm-basic-plugins)")
        return 77
    for is_last in (False, True):
        done = compare(options, tool)
        if isinstance(done, str):
            sys.exit(done)
        tool.report(options, {options.real.name: done})
        equal = all(done["shares"][what] == 1 for what in ("starts", "nodes", "rejections"))
        if done["violations"] or equal or is_last:
            break
        print("validate: they differ; once more, to see whether it was the machine")
    return 0 if equal and not done["violations"] else 1
