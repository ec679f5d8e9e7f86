#!/usr/bin/env python3
"""Random clusters with random jobs and operators: `scheduler: slurm` neither breaks nor hangs.

    tests/slurm/random_test.py PROGRAM [FIRST [COUNT]]

Each seed is a slurm.conf with its accounts, a trace and events, drawn from what sites combine, and
a version. A run has to end by itself with exit 0 or 1 (jobs are left over), and its schedule has to
pass `rehearse audit`. What does not is kept in a folder that is named.
"""
import csv
import pathlib
import random
import subprocess
import sys
import tempfile

COLUMNS = ("id,submit,user,account,partition,qos,nodes,ntasks,cpus_per_task,gres,mem,timelimit,"
           "duration,dependency,array,extra").split(",")
VERSIONS = ("22.05", "22.05", "23.02", "23.11", "24.05", "24.11")
SELECT = ("CR_Core_Memory", "CR_CPU_Memory", "CR_Socket_Memory", "CR_Core", "CR_CPU", "CR_Socket",
          "CR_Core_Memory,CR_LLN", "CR_Core_Memory,CR_ONE_TASK_PER_CORE")
SCHEDULER = ("bf_busy_nodes", "bf_one_resv_per_job", "defer", "assoc_limit_stop", "bf_licenses",
             "pack_serial_at_end", "preempt_strict_order", "preempt_youngest_first",
             "bf_running_job_reserve", "bf_max_job_user=3", "bf_max_job_part=5",
             "bf_max_job_test=7", "bf_max_job_start=1", "bf_window_linear=30", "bf_resolution=300",
             "bf_min_prio_reserve=100", "default_queue_depth=4", "partition_job_depth=2",
             "sched_max_job_start=2", "kill_invalid_depend")
PARTITION = ("OverSubscribe=FORCE:2", "OverSubscribe=YES:3", "OverSubscribe=EXCLUSIVE", "LLN=YES",
             "MaxCPUsPerNode=3", "ExclusiveUser=YES", "MaxNodes=2", "DefaultTime=10", "MaxTime=60")
QOS = ("MaxTRESPJ=cpu=6", "MaxJobsPU=2", "MaxWall=30", "GrpTRESMins=cpu=300", "Flags=DenyOnLimit",
       "Flags=NoReserve", "UsageFactor=2", "MaxTRESMinsPJ=cpu=60", "MaxTRESPU=cpu=8",
       "GrpTRES=node=2", "GrpTRES=cpu=12", "MaxSubmitPU=5")
ACCOUNT = ("GrpTRES=cpu=10", "GrpJobs=3", "MaxJobs=2", "GrpTRESMins=cpu=500", "GrpWall=200",
           "GrpSubmitJobs=30", "MaxTRESPJ=node=2")
OPTIONS = ("--exclusive", "-s", "--exclusive=user", "-C a", "-C 'a|b'", "-C '[a|b]'",
           "-C 'a*1&b*1'", "--nice=100", "--hold", "--begin=now+300", "--time-min=1",
           "--switches=1@2", "--contiguous", "--spread-job", "--ntasks-per-node=2",
           "--ntasks-per-core=1", "--requeue", "--no-requeue", "-w n1", "-x n2",
           "--deadline=now+3600", "--use-min-nodes", "--threads-per-core=1",
           "--hint=nomultithread", "--priority=500", "--mincpus=2", "--reservation=rv", "-L lic:1")
GPUS = ("--gpus=2", "--gpus=3 --cpus-per-gpu=1", "--gpus-per-task=1", "--gpus-per-node=1",
        "--gpus=a40:2", "--mem-per-gpu=500 --gpus=1")
EVENTS = ("scontrol update nodename=n1 state=drain reason=x",
          "scontrol update nodename=n1 state=resume",
          "scontrol update nodename=n2 state=down reason=x",
          "scontrol update nodename=n2 state=resume",
          "scontrol create reservation reservationname=rv starttime=now+60 duration=30 nodes=n1 "
          "users=u1,u2",
          "scontrol create reservation reservationname=mt starttime=now+600 duration=10 nodes=all "
          "flags=maint,ignore_jobs users=root",
          "scontrol delete reservationname=rv", "scancel {id:J5}", "scontrol requeue {id:J3}",
          "scontrol hold {id:J20}", "scontrol release {id:J20}",
          "scontrol update jobid={id:J10} timelimit=5",
          "scontrol update jobid={id:J12} priority=9999",
          "scontrol update partitionname=q state=down", "scontrol update partitionname=q state=up",
          "scontrol update partitionname=p maxtime=30")
ENDS = ("", ":1", ":0:i")  # exit codes; i: the signal to end is ignored


class Cluster:
    """A slurm.conf and what goes with it; the trace has to know of GPUs and licences."""

    def __init__(self, draw):
        self.draw = draw
        self.nodes = draw.randint(2, 8)
        self.gpus = draw.random() < 0.5
        self.shards = self.gpus and draw.random() < 0.3
        self.preempts = draw.choice((None, "partition_prio", "qos"))

    def node(self, first, last, gpu):
        draw = self.draw
        line = (f"NodeName=n[{first}-{last}] Sockets={draw.choice((1, 2))} "
                f"CoresPerSocket={draw.choice((2, 4, 8))} ThreadsPerCore={draw.choice((1, 1, 2))} "
                f"RealMemory=8000 Weight={draw.choice((1, 1, 5))} "
                f"Feature={draw.choice(('a', 'b', 'a,ib'))}")
        line += draw.choice(("", "", " CoreSpecCount=1", " MemSpecLimit=500"))
        if self.gpus and gpu:
            count = draw.choice((1, 2, 4))
            line += f" Gres=gpu:{gpu}:{count}" + (f",shard:{4 * count}" if self.shards else "")
        return line

    def partition(self, name, rest=""):
        draw, half = self.draw, max(1, self.nodes // 2)
        nodes = draw.choice(("ALL", f"n[1-{half}]", f"n[{half}-{self.nodes}]"))
        words = [f"PartitionName={name} Nodes={nodes} State=UP",
                 f"PriorityTier={draw.choice((1, 1, 2, 5))}", rest]
        words.append(draw.choice(PARTITION) if draw.random() < 0.7 else "")
        if self.preempts:
            words.append(draw.choice(("PreemptMode=OFF", "GraceTime=60", "", "")))
        return " ".join(word for word in words if word)

    def conf(self):
        draw, half = self.draw, max(1, self.nodes // 2)
        some = [option for option in SCHEDULER if draw.random() < 0.12]
        lines = ["ClusterName=c", "SelectType=select/cons_tres", "Licenses=lic:3",
                 f"SelectTypeParameters={draw.choice(SELECT)}",
                 "AccountingStorageEnforce=" + draw.choice(("associations,limits,qos", "limits",
                                                            "associations,limits,qos,safe")),
                 "SchedulerParameters=" + ",".join([f"bf_interval={draw.choice((10, 30, 60))}",
                                                    "bf_continue", *some]),
                 "PriorityDecayHalfLife=12:00:00"]  # what waits for use to fade, waits ten of them
        if self.gpus:
            lines.append("GresTypes=gpu" + (",shard" if self.shards else ""))
        if self.preempts:
            mode = draw.choice(("REQUEUE", "CANCEL", "SUSPEND,GANG"))
            lines += [f"PreemptType=preempt/{self.preempts}", f"PreemptMode={mode}"]
        if draw.random() < 0.7:
            lines += ["PriorityType=priority/multifactor", "PriorityWeightAge=1000",
                      f"PriorityWeightFairshare={draw.choice((0, 1000, 100000))}",
                      f"PriorityWeightQOS={draw.choice((0, 1000))}"]
        for line in ("EnforcePartLimits=ALL", "CompleteWait=10", "OverTimeLimit=2",
                     "DefMemPerCPU=100", "MaxMemPerCPU=900", "PreemptExemptTime=00:05:00"):
            if draw.random() < 0.25:
                lines.append(line)
        lines.append(self.node(1, half, "a40"))
        if half < self.nodes:
            lines.append(self.node(half + 1, self.nodes, draw.choice(("rtx", None))))
        lines += [self.partition("p", "Default=YES"), self.partition("q"),
                  self.partition("s", "QOS=pq")]
        return lines

    def accounts(self):
        draw = self.draw
        lines = ["add qos lo Priority=1", "add qos hi Priority=10 Preempt=lo GraceTime=30",
                 "add qos pq", f"modify qos pq set {draw.choice(QOS)}",
                 f"modify qos hi set {draw.choice(QOS)}", "add account a Fairshare=3",
                 "add account b Fairshare=1", f"modify account b set {draw.choice(ACCOUNT)}"]
        for number in range(1, 5):
            account = "ab"[number % 2]
            lines += [f"add user u{number} Account={account} Fairshare=1",
                      f"modify user u{number} where Account={account} set QOS+=hi,lo"]
        return lines

    def job(self, number, submit):
        draw = self.draw
        user = draw.randint(1, 4)
        row = {"id": f"J{number}", "submit": submit, "user": f"u{user}", "account": "ab"[user % 2],
               "partition": draw.choice(("", "p", "q", "s", "p,q", "q,s,p")),
               "qos": draw.choice(("", "", "hi", "lo")), "ntasks": draw.choice((1, 1, 2, 3, 4, 8)),
               "timelimit": draw.choice(("", 1, 5, 20, 60, 300)),
               "mem": draw.choice(("", "10", "1G", "2000", "0")),
               "duration": str(draw.choice((3, 43, 203, 603, 1803))) + draw.choice(ENDS)}
        extra = [option for option in OPTIONS if draw.random() < 0.035]
        if draw.random() < 0.4:
            row["nodes"] = draw.choice(("1", "2", "1-3", "3"))
        if draw.random() < 0.3:
            row["cpus_per_task"] = draw.choice((1, 2, 3))
        if self.shards and draw.random() < 0.2:
            row["gres"] = f"shard:{draw.choice((1, 2, 5))}"
        elif self.gpus and draw.random() < 0.3:
            row["gres"] = draw.choice(("gpu:1", "gpu:a40:1", "gpu:2", "gpu:rtx:1"))
        elif self.gpus and draw.random() < 0.2:
            extra.append(draw.choice(GPUS[:-1] if row["mem"] else GPUS))
        if not row["mem"] and not any("mem" in option for option in extra):
            extra.append(f"--mem-per-cpu={draw.choice((100, 500, 1500))}")
        if number > 0 and draw.random() < 0.1:
            kind = draw.choice(("afterok", "afterany", "after", "afternotok", "aftercorr"))
            row["dependency"] = f"{kind}:J{draw.randrange(number)}"
        if draw.random() < 0.1:
            row["array"] = draw.choice(("0-4", "1-9%2", "0-2"))
        apart = random.Random(str(row))  # what is drawn here leaves the rest of the seed alone
        if "array" not in row and apart.random() < 0.12:
            for _ in range(apart.choice((1, 1, 2))):  # further components
                extra.append(f": -n{apart.choice((1, 2, 4))} --mem={apart.choice((10, 1000))}")
                extra += [option for option in OPTIONS if apart.random() < 0.02]
                if apart.random() < 0.7:
                    extra.append("-p " + apart.choice(("p", "q", "s", "q,s")))
        return {**row, "extra": " ".join(extra)}


def write(folder, draw):
    """The inputs of a run, into `folder`."""
    cluster = Cluster(draw)
    (folder / "slurm.conf").write_text("\n".join(cluster.conf()) + "\n")
    (folder / "accounts.txt").write_text("\n".join(cluster.accounts()) + "\n")
    if draw.random() < 0.25:
        with open(folder / "slurm.conf", "a", encoding="ascii") as out:
            out.write("TopologyPlugin=topology/tree\n")
        lines = [f"SwitchName=s{i} Nodes=n{i}" for i in range(1, cluster.nodes + 1)]
        lines.append(f"SwitchName=top Switches=s[1-{cluster.nodes}]")
        (folder / "topology.conf").write_text("\n".join(lines) + "\n")
    submit = 0
    with open(folder / "jobs.csv", "w", newline="", encoding="ascii") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for number in range(draw.choice((40, 120))):
            submit += draw.choice((0, 1, 5, 30, 90))
            writer.writerow(cluster.job(number, submit))
    events = sorted((draw.randint(0, submit), draw.choice(EVENTS))
                    for _ in range(draw.randint(0, 6)))
    with open(folder / "events.csv", "w", newline="", encoding="ascii") as out:
        csv.writer(out, lineterminator="\n").writerows([("offset", "command"), *events])


def fault(program, folder, version):
    """What is wrong with the run; "" if nothing is."""
    command = [program, "run", "--quiet", "--no-html", "--shares", "--cluster", folder, "--trace",
               folder / "jobs.csv", "--events", folder / "events.csv", "--set",
               f"scheduler.version={version}", "--output", folder / "out"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return "does not end"
    if run.returncode not in (0, 1):
        return f"exit {run.returncode}: {run.stderr[-2000:]}"
    audit = subprocess.run([program, "audit", folder / "out"], capture_output=True, text=True,
                           check=False)
    return "" if audit.returncode == 0 else (audit.stdout + audit.stderr)[-2000:]


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    bad = 0
    for seed in range(first, first + count):
        draw = random.Random(seed)
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"rehearse-random-{seed}-"))
        write(folder, draw)
        why = fault(program, folder, draw.choice(VERSIONS))
        if why:
            print(f"seed {seed}, kept in {folder}: {why}")
            bad += 1
        else:
            subprocess.run(["rm", "-rf", folder], check=True)
    print(f"{count} random clusters, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
