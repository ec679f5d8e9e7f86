// Puts the page together from its data.

const { summary, manifest, timeline: packedTimeline, runs } = JSON.parse(byId("data").textContent);
const timeline = unpackTimeline(packedTimeline);
const jobs = new Jobs(runs.jobs);
// Seconds after 1979 are Unix time; smaller ones count from the trace's own origin.
const clock = new Clock(summary.first_submit > 3e8 ? 0 : null);
const shown = new TimeWindow(summary.first_submit, summary.last_end);

const fileName = (path) => path.split("/").pop();
const caveats = [
  ["What this run did not simulate", summary.not_simulated],
  ["Jobs that were refused", notRun(summary.rejected)],
  ["Jobs that had not ended", notRun(summary.left_over)],
  ["Repairs of the trace", Object.entries(summary.repairs).map(([rule, { rows, first_line }]) =>
    `${rule}: ${count(rows, "row")}, the first in line ${number(first_line)}`)],
  ["Warnings about the trace", summary.warnings],
  ["Notes of the run", summary.notes],
].filter(([, texts]) => texts.length > 0);

function notRun(byReason) {
  return Object.entries(byReason).map(([reason, { jobs: refused, first }]) => {
    const rest = refused - first.length;
    return `${reason}: ${count(refused, "job")} (${first.join(", ")}` +
      `${rest > 0 ? `, and ${number(rest)} more` : ""})`;
  });
}

function notices() {
  const root = byId("notices");
  if (summary.clairvoyant) {
    root.append(el("p", { className: "notice strong" },
      "Clairvoyant run: a policy was told how long each job really runs. No scheduler of a real " +
      "machine can do this."));
  }
  if (caveats.length === 0) return;
  const texts = caveats.map(([title, list]) => `${title.toLowerCase()} (${number(list.length)})`);
  root.append(el("p", { className: "notice" }, "Keep in mind: ",
                 el("a", { href: "#fidelity" }, texts.join(" · "))));
}

function titles() {
  const cluster = fileName(manifest.cluster[0]?.path ?? "").replace(/\.ya?ml$/, "");
  const title = `${fileName(manifest.trace.path)} on ${cluster}`;
  document.title = `${title} – rehearse report`;
  byId("title").textContent = title;
  byId("policies").textContent = Object.entries(manifest.policies)
    .map(([slot, parameters]) => `${slot.replaceAll("_", " ")} ${parameters.use ?? ""}`)
    .join(" · ");
}

/** Used of used + free, per row of the timeline, for a prefix of its column names. */
function shareUsed(names) {
  const used = new Float64Array(timeline.time.length);
  const all = new Float64Array(timeline.time.length);
  for (const name of names) {
    timeline[`${name}_used`].forEach((amount, at) => {
      used[at] += amount;
      all[at] += amount + timeline[`${name}_free`][at];
    });
  }
  return Array.from(used, (amount, at) => (all[at] > 0 ? amount / all[at] : 0));
}

/** The mean of the day around each moment, of values that hold until the next one. */
function dailyMean(times, values) {
  const integral = new Float64Array(times.length);
  for (let at = 1; at < times.length; ++at) {
    integral[at] = integral[at - 1] + values[at - 1] * (times[at] - times[at - 1]);
  }
  let first = 0;
  let last = 0;
  return values.map((value, at) => {
    while (times[first] < times[at] - kDay / 2) ++first;
    while (last + 1 < times.length && times[last + 1] <= times[at] + kDay / 2) ++last;
    const length = times[last] - times[first];
    return length > 0 ? (integral[last] - integral[first]) / length : value;
  });
}

function overTime() {
  const times = timeline.time;
  const types = Object.keys(timeline)
    .map((name) => name.match(/^(gpu(?::.*)?)_used$/)?.[1]).filter(Boolean);
  const step = times[1] - times[0];
  if (times.length > 1000 && times.every((at, row) => row === 0 || at - times[row - 1] === step)) {
    byId("grid").textContent = `Values are read off every ${duration(step)}.`;
  }
  const lines = [{ label: "CPUs", color: "c0", values: shareUsed(["cpus"]) }];
  if (types.length > 0) lines.unshift({ label: "GPUs", color: "c1", values: shareUsed(types) });
  lines[0].filled = true;
  if (shown.last - shown.first > 21 * kDay) {
    lines.splice(1, 0, { label: `${lines[0].label}, mean of a day`, color: "ink", width: 2,
                         values: dailyMean(times, lines[0].values) });
    lines[0].width = 0.5;
  }
  if (types.length > 1) {
    types.forEach((type, at) => lines.push({
      label: type.replace("gpu:", ""), color: categoryColor(at + 2), hidden: true,
      values: shareUsed([type]) }));
  }
  const common = { times, shown, clock };
  timeChart(byId("utilization"), { ...common, title: "Utilization", unit: "% in use", lines,
                                   top: 1, format: (share) => `${number(100 * share)} %` });
  timeChart(byId("queue"), { ...common, title: "Queue", unit: "eligible jobs that wait",
                             format: number,
                             lines: [{ label: "waiting", color: "c3", filled: true,
                                       values: Array.from(timeline.queue) }] });
  if (types.length === 0) return;
  const free = Array.from(times, (_, at) =>
    types.reduce((sum, type) => sum + timeline[`${type}_free`][at], 0));
  timeChart(byId("stranded"), { ...common, title: "Free GPUs", unit: "GPUs", format: number,
    lines: [{ label: "free", color: "c2", values: free },
            { label: "stranded (no CPUs or memory beside them)", color: "c5", filled: true,
              values: Array.from(timeline.gpus_stranded) }] });
}

/** What the page knows of an attempt, for the tip and the panel. */
function jobFacts(job, node) {
  const text = (name) => jobs.text(name, job);
  const limit = jobs.time_limit[job];
  const held = [count(jobs.nodes[job], "node"), count(jobs.cpus[job], "CPU")];
  if (jobs.gpus[job] > 0) held.push(`${count(jobs.gpus[job], "GPU")} ${text("gpu_type")}`.trim());
  const facts = [
    ["user", [text("user"), text("account")].filter(Boolean).join(", account ")],
    ["partition", [text("partition"), text("qos") && `QOS ${text("qos")}`].filter(Boolean)
      .join(", ")],
    ["held", held.join(", ")],
    ["submitted", clock.text(jobs.submit[job])],
    ["waited", duration(jobs.wait[job]) +
      (text("started_by") === "backfill" ? ", started by backfill" : "")],
    ["for", jobs.reasons(job).map(([reason, seconds]) => `${reason} ${duration(seconds)}`)
      .join(", ")],
    ["ran", `${duration(jobs.end[job] - jobs.start[job])} from ${clock.text(jobs.start[job])}` +
      (limit >= 0 ? `, limit ${duration(limit)}` : "")],
    ["state", text("state")],
    ["node", node],
  ].filter(([, value]) => value);
  const attempt = jobs.attempt[job] > 0 ? `, attempt ${jobs.attempt[job] + 1}` : "";
  return el("div", {}, el("strong", {}, `job ${jobs.id(job)}${attempt}`),
            el("dl", { className: "facts" },
               ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
}

const kWaitClasses = [[60, "under 1 min"], [600, "under 10 min"], [3600, "under 1 h"],
                      [6 * 3600, "under 6 h"], [kDay, "under 1 day"], [Infinity, "1 day or more"]];
const kStateColors = { COMPLETED: "c2", RUNNING: "c0", TIMEOUT: "c4", PREEMPTED: "c5",
                       FAILED: "c1", CANCELLED: "c3" };

/** Ways to colour jobs: {title: [name of the colour of a job, keys of the legend]}. */
function colorings() {
  const byText = (name) => {
    const weight = new Map();  // node-hours by text: the heaviest get the colours
    for (let job = 0; job < jobs.length; ++job) {
      const text = jobs.text(name, job);
      const time = (jobs.end[job] - jobs.start[job]) * jobs.nodes[job];
      weight.set(text, (weight.get(text) ?? 0) + time);
    }
    const order = [...weight].sort((a, b) => b[1] - a[1]).map(([text]) => text);
    const colors = new Map(order.map((text, at) => [text, categoryColor(at)]));
    const keys = order.slice(0, kCategories).map((text, at) => [`c${at}`, text || "(none)"]);
    if (order.length > kCategories) {
      keys.push(["other", `${number(order.length - kCategories)} others`]);
    }
    return [(job) => colors.get(jobs.text(name, job)), keys];
  };
  const waitClass = (job) => kWaitClasses.findIndex(([most]) => jobs.wait[job] < most);
  return {
    partition: () => byText("partition"),
    account: () => byText("account"),
    user: () => byText("user"),
    QOS: () => byText("qos"),
    "GPU type": () => byText("gpu_type"),
    wait: () => [(job) => `w${waitClass(job)}`,
                 kWaitClasses.map(([, text], at) => [`w${at}`, text])],
    state: () => [(job) => kStateColors[jobs.text("state", job)] ?? "other",
                  Object.entries(kStateColors).map(([text, color]) => [color, text.toLowerCase()])],
  };
}

function nodesOverTime() {
  const { nodes } = runs;
  const lede = byId("gantt-lede");
  if (nodes.names.length === 0) {
    return byId("gantt-view").append(el("p", { className: "none" }, "No job ran."));
  }
  let extent = `${count(nodes.ran, "node")}, ${count(jobs.length, "start")} of jobs. `;
  if (nodes.every > 1 || nodes.left_out > 0) {
    const missing = nodes.left_out > 0 ? ` but the last ${number(nodes.left_out)}` : "";
    extent = `To keep this page small it shows ${number(nodes.names.length)} of the ` +
      `${count(nodes.ran, "node")} that ran jobs, with all their jobs${missing}; jobs.csv has ` +
      "the rest. ";
  }
  lede.textContent = extent +
    "Scroll to zoom in time, with Shift in nodes; drag to move; click a job to keep it.";
  const panel = byId("gantt-job");
  const gantt = new Gantt(byId("gantt-view"), {
    data: { nodes: nodes.names, node_spans: nodes.spans, span_jobs: nodes.attempts },
    jobs, shown, clock, details: jobFacts,
    onPick: (job) => panel.replaceChildren(...(job < 0 ? [] : [jobFacts(job)])),
  });
  ganttTools(byId("gantt-tools"), gantt);
}

function ganttTools(root, gantt) {
  const choices = colorings();
  const legend = byId("gantt-legend");
  const select = el("select", {}, ...Object.keys(choices).map((name) => el("option", {}, name)));
  select.onchange = () => {
    const [colorName, keys] = choices[select.value]();
    legend.replaceChildren(...keys.map(([color, text]) => el("span", {}, key(color), text)));
    gantt.recolor(colorName);
  };
  select.value = new Set(jobs.positions.partition).size > 1 ? "partition"
    : new Set(jobs.positions.account).size > 1 ? "account" : "user";
  select.onchange();

  const answer = el("span", { className: "explain", role: "status" });
  const find = el("input", { type: "search", placeholder: "job or user", size: 14 });
  find.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    const wanted = find.value.trim();
    const from = gantt.picked + 1;  // the next one, each time
    const matches = (job) => jobs.id(job) === wanted || jobs.text("user", job) === wanted;
    for (let step = 0; step < jobs.length; ++step) {
      const job = (from + step) % jobs.length;
      if (!matches(job)) continue;
      answer.textContent = "";
      return gantt.show(job);
    }
    answer.textContent = "No job or user of that name ran on these nodes.";
  };
  root.append(el("label", {}, "colour by", select), el("label", {}, "find", find), answer);
}

function keepInMind() {
  const root = byId("caveats");
  if (caveats.length === 0) {
    root.append(el("p", { className: "none" }, "Nothing was repaired, refused or left out."));
  }
  for (const [title, texts] of caveats) {
    root.append(el("h3", {}, title), el("ul", {}, ...texts.map((text) => el("li", {}, text))));
  }
}

const kNoBound = "9223372036854775807";  // as a parameter says that there is none

function inputs() {
  const root = byId("manifest");
  const file = ({ path, sha256 }) =>
    [el("code", {}, path), sha256 ? el("code", { className: "explain" }, `SHA-256 ${sha256}`) : ""];
  root.append(table([{ title: "input", cell: ([name]) => name },
                     { title: "file", cell: ([, value]) => el("div", {}, ...file(value)) }],
                    [...manifest.cluster.map((each, at) =>
                      [at === 0 ? "cluster" : "which extends", each]),
                     ["trace", manifest.trace]]),
              el("h3", {}, "Policies"),
              table([{ title: "slot", cell: ([slot]) => slot },
                     { title: "policy and parameters", cell: ([, parameters]) =>
                       el("code", {}, Object.entries(parameters)
                         .map(([name, value]) =>
                           `${name}: ${value === kNoBound ? "unlimited" : value}`)
                         .join(", ")) }],
                    Object.entries(manifest.policies)));
  byId("footer").textContent = `rehearse ${manifest.version}, seed ${manifest.seed}` +
    (manifest.repairs.length > 0 ? `, repairs in force: ${manifest.repairs.join(", ")}` : "") +
    ". Drawn with uPlot (MIT licence).";
}

notices();
titles();
headline(byId("headline"), summary);
windowTools(byId("window"), shown, clock);
overTime();
waits(summary, runs.waits);
reasons(byId("reason-table"), summary);
accounts(byId("account-table"), summary);
nodesOverTime();
keepInMind();
inputs();
