// Writes the files of a finished run that never took place, as sim/report/README.md describes them:
// for what the page does with names that are markup and with very many jobs. Deterministic.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const kGpus = 8;  // of a node

/** A stream of numbers in [0, 1), the same every time. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const quoted = (field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : `${field}`);

/** Jobs one after another onto the GPUs that are free first. */
function schedule({ jobs, nodes, names }) {
  const random = randomNumbers(7);
  const free = Array.from({ length: nodes }, () => new Array(kGpus).fill(0));
  const rows = [];
  for (let i = 0, submit = 0; i < jobs; ++i) {
    submit += Math.floor(random() * 60 * (200 / nodes));
    const gpus = 2 ** Math.floor(random() * 4);
    const wide = random() < 0.02 ? 2 : 1;
    const first = Math.floor(random() * (nodes - wide + 1));
    const held = free.slice(first, first + wide);
    for (const slots of held) slots.sort((a, b) => a - b);
    const start = Math.max(submit, ...held.map((slots) => slots[gpus - 1]));
    const length = Math.ceil(60 + 20000 * random() ** 4);
    for (const slots of held) slots.fill(start + length, 0, gpus);
    rows.push({
      id: names.job?.[i] ?? String(i + 1), user: names.user?.[i] ?? `user${i % 37}`,
      account: `lab${i % 5}`, partition: gpus > 4 ? "large" : "small", submit, start,
      end: start + length, nodes: wide, gpus: gpus * wide, wait: start - submit,
      node_list: wide === 1 ? `n${first + 1}` : `n[${first + 1}-${first + wide}]`,
      backfilled: random() < 0.3,
    });
  }
  return rows;
}

function jobsCsv(rows) {
  const lines = rows.map((row) => [
    row.id, 0, row.user, row.account, row.partition, "normal", "COMPLETED", row.submit, row.submit,
    row.start, row.end, 2 * (row.end - row.start), row.nodes, 8 * row.gpus, row.gpus, "a100",
    64000 * row.gpus, row.node_list, row.wait, row.backfilled ? "backfill" : "main",
    row.wait > 0 ? `Priority=${row.wait >> 1};Resources=${row.wait - (row.wait >> 1)}` : "",
  ].map(quoted).join(","));
  const header = "id,attempt,user,account,partition,qos,state,submit,eligible,start,end," +
    "time_limit,nodes,cpus,gpus,gpu_type,memory_mib,node_list,wait,started_by,reasons";
  return [header, ...lines, ""].join("\n");
}

function timelineCsv(rows, nodes) {
  const changes = rows.flatMap((row) => [[row.submit, 0, 1], [row.start, row.gpus, -1],
                                         [row.end, -row.gpus, 0]]).sort((a, b) => a[0] - b[0]);
  const step = Math.max(1, Math.ceil(changes.length / 10000));
  const lines = ["time,cpus_used,cpus_free,gpu:a100_used,gpu:a100_free,gpus_stranded,queue"];
  let used = 0;
  let queue = 0;
  changes.forEach(([time, gpus, waiting], at) => {
    used += gpus;
    queue += waiting;
    const last = at + 1 === changes.length || changes[at + 1][0] !== time;
    if (!last || (at % step !== 0 && step > 1)) return;
    const free = nodes * kGpus - used;
    lines.push([time, 8 * used, 8 * free, used, free, Math.min(free, 3), queue].join(","));
  });
  return [...lines, ""].join("\n");
}

function distribution(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length, median: at(0.5),
           p90: at(0.9), p99: at(0.99), max: sorted[sorted.length - 1] };
}

function group(rows) {
  const waits = rows.map((row) => row.wait);
  const slowdowns = rows.map((row) => (row.end - row.submit) / (row.end - row.start));
  const waited = waits.reduce((sum, wait) => sum + wait, 0);
  const hours = rows.reduce((sum, row) => sum + row.gpus * (row.end - row.start), 0) / 3600;
  return { jobs: rows.length, wait: distribution(waits), response: distribution(waits),
           bounded_slowdown: distribution(slowdowns),
           wait_by_reason: { Priority: waited >> 1, Resources: waited - (waited >> 1) },
           preemptions: 0, cpu_hours: 8 * hours, gpu_hours: hours, lost_cpu_hours: 0,
           lost_gpu_hours: 0 };
}

function groups(rows, name) {
  const by = new Map();
  for (const row of rows) {
    if (!by.has(name(row))) by.set(name(row), []);
    by.get(name(row)).push(row);
  }
  return Object.fromEntries([...by].map(([text, own]) => [text, group(own)]));
}

/** The folder of a run of `jobs` jobs on `nodes` nodes; `names`: {job, user}, by row. */
export function writeRunFolder(directory, { jobs, nodes, names = {}, changes = {} }) {
  mkdirSync(directory, { recursive: true });
  const rows = schedule({ jobs, nodes, names });
  const last = rows.reduce((latest, row) => Math.max(latest, row.end), 0);
  const all = group(rows);
  const use = (held, capacity) => ({ capacity, held_hours: held,
                                     fraction: held / (capacity * last / 3600) });
  const summary = {
    schema: 1, clairvoyant: false, jobs, states: { COMPLETED: jobs },
    started_by: { main: jobs - (jobs >> 2), backfill: jobs >> 2 }, first_submit: 0, last_end: last,
    makespan: last,
    utilization: { cpu: use(all.cpu_hours, 64 * nodes),
                   gpu: { ...use(all.gpu_hours, kGpus * nodes), stranded_hours: 12.5 },
                   "gpu:a100": { ...use(all.gpu_hours, kGpus * nodes), stranded_hours: 12.5 } },
    stranded_gpu_hours: 12.5, lost_gpu_hours: 0, preemptions: { cancelled: 0, requeued: 0 }, all,
    by_partition: groups(rows, (row) => row.partition),
    by_account: groups(rows, (row) => row.account), by_qos: { normal: all },
    by_gpus: groups(rows, (row) => String(row.gpus)),
    deliveries: Object.fromEntries(Object.entries(groups(rows, (row) => row.account)).map(
      ([name, { gpu_hours: hours }], at) => [name, {
        guarantee: 40, guaranteed_by: at % 2 ? "limit" : "shares",
        promised_hours: hours * (0.9 + 0.1 * at), delivered_hours: hours }])),
    rejected: {}, left_over: {}, repairs: {}, warnings: [], notes: [], not_simulated: [],
    ...changes,
  };
  const manifest = {
    schema: 1, version: "0.0.0", cluster: [{ path: "configs/clusters/made-up.yaml", sha256: "" }],
    trace: { path: "traces/made-up.csv", sha256: "" }, repairs: [],
    policies: { priority: { use: "fifo" }, backfill: { use: "easy", max_jobs: "unlimited" } },
    seed: 1,
  };
  writeFileSync(join(directory, "jobs.csv"), jobsCsv(rows));
  writeFileSync(join(directory, "timeline.csv"), timelineCsv(rows, nodes));
  writeFileSync(join(directory, "summary.json"), JSON.stringify(summary));
  writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest));
  return rows;
}
