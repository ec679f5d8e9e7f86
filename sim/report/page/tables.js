// Headline numbers, tables with bars, and what a reader has to keep in mind.

function headline(root, summary) {
  const add = (name, [value, unit], detail) => root.append(
    el("div", {}, el("dt", {}, name),
       el("dd", {}, el("div", { className: "value" }, value, " ", el("small", {}, unit)),
          el("div", { className: "detail" }, detail))));
  const { all, states, utilization } = summary;
  const started = all.jobs;
  add("Jobs", [number(summary.jobs), ""],
      Object.entries(states).map(([name, jobs]) => `${number(jobs)} ${name.toLowerCase()}`)
        .join(", "));
  for (const resource of ["gpu", "cpu"]) {
    const use = utilization[resource];
    if (!use) continue;
    add(`${resource.toUpperCase()} utilization`, [kDigits[1].format(100 * use.fraction), "%"],
        `${number(use.held_hours)} of ${number(use.capacity * summary.makespan / 3600)} ` +
        `${resource.toUpperCase()}-hours`);
  }
  add("Median wait", durationParts(all.wait.median),
      `90 % under ${duration(all.wait.p90)}, 99 % under ${duration(all.wait.p99)}`);
  add("Mean wait", durationParts(all.wait.mean), `longest ${duration(all.wait.max)}`);
  add("Bounded slowdown", [number(all.bounded_slowdown.median), ""],
      `median; mean ${number(all.bounded_slowdown.mean)}, ` +
      `p99 ${number(all.bounded_slowdown.p99)}`);
  if (utilization.gpu) {
    const idle = utilization.gpu.capacity * summary.makespan / 3600;
    add("Stranded GPUs", [number(summary.stranded_gpu_hours), "GPU-hours"],
        `${percent(idle > 0 ? summary.stranded_gpu_hours / idle : 0)} of the capacity: free, but ` +
        "without the CPUs or memory to use them");
  }
  const evicted = summary.preemptions.cancelled + summary.preemptions.requeued;
  if (evicted > 0) {
    add("Lost to preemption", [number(summary.lost_gpu_hours), "GPU-hours"],
        `${count(evicted, "preemption")}: ${number(summary.preemptions.requeued)} requeued, ` +
        `${number(summary.preemptions.cancelled)} cancelled`);
  }
  const backfilled = summary.started_by.backfill ?? 0;
  const starts = Object.values(summary.started_by).reduce((sum, jobs) => sum + jobs, 0);
  add("Makespan", durationParts(summary.makespan),
      started === 0 ? "no job started" : `${percent(backfilled / Math.max(1, starts))} of starts ` +
      "by backfill");
}

/** A table; `columns`: [{title, cell(row), number, optional, bar}]; the first is the row's name. */
function table(columns, rows) {
  const style = (column) => [column.number && "number", column.optional && "optional",
                             column.bar && "bar"].filter(Boolean).join(" ");
  return el("div", { className: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, ...columns.map((column) =>
      el("th", { scope: "col", className: style(column) }, column.title)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...columns.map((column, at) =>
      el(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : { className: style(column) },
         column.cell(row))))))));
}

/** Where a wait lies on the axis of the wait bars, from 0 to 1: logarithmic from a second on. */
const waitPosition = (seconds, most) =>
  (seconds <= 1 ? 0 : Math.log(seconds) / Math.log(Math.max(most, 60)));

function drawWaitBar(canvas, wait, most) {
  const { context, width } = fitCanvas(canvas, 20);
  const x = (seconds) => 4 + waitPosition(seconds, most) * (width - 8);
  const bar = (from, to, height, color) => {
    context.fillStyle = cssColor(color);
    context.fillRect(x(from), 10 - height / 2, Math.max(2, x(to) - x(from)), height);
  };
  context.fillStyle = cssColor("grid");
  for (const at of kWaitTicks) if (at <= most) context.fillRect(Math.round(x(at)), 0, 1, 20);
  bar(wait.p90, wait.p99, 3, "c0");
  bar(wait.median, wait.p90, 11, "c0");
  context.fillStyle = cssColor("ink");
  context.fillRect(x(wait.median) - 1, 3, 2.5, 14);
  context.beginPath();
  context.arc(x(wait.mean), 10, 3.5, 0, 7);
  context.fillStyle = cssColor("c1");
  context.fill();
  context.strokeStyle = cssColor("paper");
  context.stroke();
}

const kWaitTicks = [1, 60, 3600, kDay, 7 * kDay, 30 * kDay];

function drawWaitAxis(canvas, most) {
  const { context, width } = fitCanvas(canvas, 16);
  context.fillStyle = cssColor("soft");
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  let free = -Infinity;
  for (const at of kWaitTicks.filter((tick) => tick <= most)) {
    const text = duration(at);
    const half = context.measureText(text).width / 2;
    const middle = 4 + waitPosition(at, most) * (width - 8);
    const left = Math.min(Math.max(0, middle - half), width - 2 * half);
    if (left < free) continue;
    context.fillText(text, left, 8);
    free = left + 2 * half + 10;
  }
}

/** The waits of one grouping: a table with bars, and the distribution of each group. */
function waitPanel(root, title, groups, curves) {
  const shown = Object.entries(groups).sort(([, a], [, b]) => b.jobs - a.jobs);
  const most = Math.max(...shown.map(([, group]) => group.wait.p99),
                        ...shown.map(([, group]) => group.wait.mean), 60);
  const bars = [];
  const axis = el("canvas", { ariaHidden: "true" });
  const columns = [
    { title, cell: ([name]) => name || "(none)" },
    { title: "jobs", number: true, cell: ([, group]) => number(group.jobs) },
    { title: "median", number: true, cell: ([, group]) => duration(group.wait.median) },
    { title: "mean", number: true, optional: true, cell: ([, group]) => duration(group.wait.mean) },
    { title: "p90", number: true, cell: ([, group]) => duration(group.wait.p90) },
    { title: "p99", number: true, optional: true, cell: ([, group]) => duration(group.wait.p99) },
    { title: "slowdown", number: true, optional: true,
      cell: ([, group]) => number(group.bounded_slowdown.median) },
    { title: axis, bar: true, cell: ([, group]) => {
      const canvas = el("canvas", { ariaHidden: "true" });
      bars.push([canvas, group.wait]);
      return canvas;
    } },
  ];
  const first = table(columns, shown.slice(0, kRowsShown));
  root.replaceChildren(first);
  if (shown.length > kRowsShown) {
    root.append(el("details", {}, el("summary", {}, `${number(shown.length - kRowsShown)} more`),
                   table([{ title, cell: columns[0].cell }, ...columns.slice(1, -1)],
                         shown.slice(kRowsShown))));
  }
  const box = el("div");
  root.append(box);
  const seconds = Array.from({ length: 81 }, (_, at) => 10 ** (at / 10));
  const last = seconds.findIndex((at) => at >= most * 2) + 1 || seconds.length;
  const chart = distributionChart(box, {
    title: "Jobs that waited at most so long", unit: "share of the group's started jobs",
    seconds: seconds.slice(0, last),
    lines: shown.slice(0, kCategories).filter(([name]) => curves[name]).map(([name], at) => ({
      label: name || "(none)", color: `c${at}`, hidden: at >= 6,
      values: curves[name].slice(0, last).map((jobs) => jobs / curves[name][80]),
    })),
  });
  const drawBars = () => {
    drawWaitAxis(axis, most);
    for (const [canvas, wait] of bars) drawWaitBar(canvas, wait, most);
  };
  drawBars();
  return () => {
    drawBars();
    chart.plot.redraw();
  };
}

const kRowsShown = 16;

function waits(summary, curves) {
  const tabs = byId("wait-tabs");
  const panel = byId("wait-panel");
  if (summary.all.jobs === 0) {
    return panel.append(el("p", { className: "none" }, "No job started."));
  }
  const kinds = [["gpus", "GPUs", "by_gpus"], ["partition", "Partition", "by_partition"],
                 ["account", "Account", "by_account"], ["qos", "QOS", "by_qos"]]
    .map(([name, title, field]) => ({ name, title, groups: summary[field] }))
    .filter(({ groups }) => Object.keys(groups).length > 1);
  if (kinds.length === 0) {
    kinds.push({ name: "all", title: "All jobs", groups: { all: summary.all } });
  }
  let draw = () => {};
  const choose = (chosen) => {
    [...tabs.children].forEach((tab, at) => {
      tab.ariaSelected = String(at === chosen);
      tab.tabIndex = at === chosen ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", tabs.children[chosen].id);
    const { name, title, groups } = kinds[chosen];
    draw = waitPanel(panel, title, groups, curves[name]);
  };
  kinds.forEach(({ title, name }, at) => tabs.append(
    el("button", { type: "button", role: "tab", id: `tab-${name}`, onclick: () => choose(at) },
       kinds.length === 1 ? title : `By ${title}`)));
  tabs.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = ([...tabs.children].indexOf(document.activeElement) + step + kinds.length) %
      kinds.length;
    choose(next);
    tabs.children[next].focus();
  };
  choose(0);
  addEventListener("resize", () => draw());
  onScheme(() => draw());
}

/** A bar of shares of its whole width; `parts`: [[from, to, color, className]]. */
function meter(parts) {
  const bar = el("div", { className: "meter", ariaHidden: "true" });
  for (const [from, to, color, className = ""] of parts) {
    const part = el("i", { className });
    part.style.left = `${100 * from}%`;
    if (className !== "mark") part.style.width = `${100 * (to - from)}%`;
    if (color) part.style.background = `var(--${color})`;
    bar.append(part);
  }
  return bar;
}

// squeue's reasons in a sentence; limits are told by their names' beginnings.
const kReasonTexts = [
  ["Resources", "the next in line: waits for nodes to become free"],
  ["Priority", "other jobs come first in its partition"],
  ["Dependency", "waits for another job"],
  ["BeginTime", "not before the time that it asked for"],
  ["JobHeldUser", "held by its user"],
  ["JobArrayTaskLimit", "its array may run only so many tasks at once"],
  ["ReqNodeNotAvail", "a node that it names is not available"],
  ["PartitionTimeLimit", "its time limit is over its partition's"],
  ["PartitionNodeLimit", "its number of nodes is out of its partition's bounds"],
  ["QOSGrp", "a limit on its whole QOS"],
  ["QOSMax", "a limit of its QOS on each user, account or job"],
  ["AssocGrp", "a limit on its whole account"],
  ["AssocMax", "a limit of its account on each user or job"],
  ["Max", "a limit of its QOS on each account"],
  ["None", "had no reason yet"],
];

function reasons(root, summary) {
  const all = Object.entries(summary.all.wait_by_reason).sort(([, a], [, b]) => b - a);
  const sum = all.reduce((total, [, seconds]) => total + seconds, 0);
  if (sum === 0) return root.append(el("p", { className: "none" }, "No job waited."));
  root.append(table([
    { title: "reason", cell: ([name]) => {
      const text = kReasonTexts.find(([start]) => name.startsWith(start));
      return el("span", {}, name, el("span", { className: "explain" }, text ? text[1] : ""));
    } },
    { title: "job-hours", number: true, cell: ([, seconds]) => number(seconds / 3600) },
    { title: "share", number: true, cell: ([, seconds]) => percent(seconds / sum) },
    { title: "", bar: true,
      cell: ([, seconds]) => meter([[0, seconds / all[0][1], "c0"]]) },
  ], all));
}

function accounts(root, summary) {
  const all = Object.entries(summary.deliveries).sort(
    ([, a], [, b]) => Math.max(b.promised_hours, b.delivered_hours) -
                      Math.max(a.promised_hours, a.delivered_hours));
  if (all.length === 0) {
    return root.append(el("p", { className: "none" },
                          "The cluster file declares no accounts, so nothing was promised."));
  }
  const unit = summary.utilization.gpu ? "GPU" : "CPU";
  const most = Math.max(...all.flatMap(([, each]) => [each.promised_hours,
                                                      each.delivered_hours]), 1e-9);
  root.append(table([
    { title: "account", cell: ([name]) => name },
    { title: `guarantee (${unit}s)`, number: true, optional: true, cell: ([, each]) =>
      `${number(each.guarantee)} by ${each.guaranteed_by}` },
    { title: `promised (${unit}-hours)`, number: true,
      cell: ([, each]) => number(each.promised_hours) },
    { title: `delivered (${unit}-hours)`, number: true,
      cell: ([, each]) => number(each.delivered_hours) },
    { title: "of it", number: true, cell: ([, each]) =>
      (each.promised_hours > 0 ? percent(each.delivered_hours / each.promised_hours) : "–") },
    { title: el("span", {}, key("c2"), "delivered  ", key("ink"), "promised"), bar: true,
      cell: ([, each]) => meter([[0, each.delivered_hours / most, "c2"],
                                 [Math.min(0.99, each.promised_hours / most), 0, null,
                                  "mark"]]) },
  ], all.slice(0, 40)));
  if (all.length > 40) {
    root.append(el("p", { className: "none" },
                   `and ${number(all.length - 40)} more in summary.json`));
  }
}
