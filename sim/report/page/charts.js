// Lines over time and cumulative distributions, drawn by uPlot.

/** Axis options that follow the colours of the page. */
function axisStyle(extra) {
  return {
    stroke: () => cssColor("soft"),
    grid: { stroke: () => cssColor("grid"), width: 1 },
    ticks: { stroke: () => cssColor("grid"), width: 1, size: 4 },
    font: "12px system-ui, sans-serif",
    ...extra,
  };
}

/**
 * A chart with a title, and a legend whose buttons hide and show lines and give their values under
 * the cursor. `lines`: [{label, color, values, hidden}]; `format`: a value in words.
 */
class Chart {
  constructor(root, { title, unit, x, lines, options, format, keys = [] }) {
    this.lines = lines;
    this.format = format;
    const box = el("div", { className: "box" });
    this.values = lines.map(() => el("b"));
    const legend = el("div", { className: "legend" }, ...keys,
                      ...lines.map((line, at) => this.#button(line, at)));
    root.classList.add("chart");
    root.append(el("div", { className: "head" }, el("h3", {}, title),
                   el("span", { className: "unit" }, unit), legend), box);
    const style = lines.map((line) => ({
      label: line.label, show: !line.hidden, stroke: () => cssColor(line.color),
      width: line.width ?? 1.5,
      fill: line.filled ? () => `${cssColor(line.color)}2e` : undefined,
      points: { show: false }, paths: line.paths, dash: line.dash,
    }));
    this.plot = new uPlot({ width: root.clientWidth, height: 190, legend: { show: false },
                            ...options, series: [{}, ...style] },
                          [x, ...lines.map((line) => line.values)], box);
    this.plot.hooks.setCursor = [() => this.#readValues()];
    new ResizeObserver(() => {
      if (box.clientWidth > 0) this.plot.setSize({ width: box.clientWidth, height: 190 });
    }).observe(box);
  }

  #button(line, at) {
    const button = el("button", { type: "button", ariaPressed: String(!line.hidden),
                                  title: `Show or hide ${line.label}` },
                      key(line.color), line.label, " ", this.values[at]);
    button.onclick = () => {
      const shown = button.ariaPressed !== "true";
      button.ariaPressed = String(shown);
      this.plot.setSeries(at + 1, { show: shown });
    };
    return button;
  }

  #readValues() {
    const at = this.plot.cursor.idx;
    this.lines.forEach((line, position) => {
      const value = at === null || at === undefined ? null : line.values[at];
      this.values[position].textContent =
        value === null || value === undefined ? "" : this.format(value);
    });
  }
}

/** Lines over the shared window of time; a drag across one narrows it for all. */
function timeChart(root, { title, unit, times, lines, top, format, shown, clock }) {
  const stepped = uPlot.paths.stepped({ align: 1 });
  const chart = new Chart(root, {
    title, unit, x: times, format, lines: lines.map((line) => ({ paths: stepped, ...line })),
    options: {
      cursor: { sync: { key: "time" }, drag: { setScale: false, x: true, y: false },
                points: { size: 6 }, bind: { dblclick: () => () => shown.reset() } },
      scales: { x: { time: false, range: () => [shown.from, shown.to] },
                y: { range: (plot, low, high) => [0, top ?? Math.max(1, high * 1.08)] } },
      hooks: { setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 4) return;
        shown.set(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
        plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      }] },
      axes: [
        axisStyle({ splits: (plot) => clock.ticks(shown.from, shown.to, plot.width / 90),
                    values: (plot, ticks) => clock.labels(ticks) }),
        axisStyle({ size: 52, values: (plot, ticks) => ticks.map(format) }),
      ],
    },
  });
  onScheme(() => chart.plot.redraw());
  let waiting = false;
  shown.listeners.push(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      chart.plot.setScale("x", { min: shown.from, max: shown.to });
    });
  });
  return chart;
}

/** Share of jobs (y) that waited at most so long (x, logarithmic). */
function distributionChart(root, { title, unit, seconds, lines }) {
  const ticks = [1, 60, 600, 3600, 6 * 3600, kDay, 7 * kDay, 30 * kDay];
  return new Chart(root, {
    title, unit, x: seconds, lines, format: percent,
    options: {
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { time: false, distr: 3 }, y: { range: () => [0, 1] } },
      axes: [
        axisStyle({ splits: (plot, axis, from, to) => ticks.filter((at) => at >= from && at <= to),
                    filter: (plot, splits) => splits,
                    values: (plot, splits) => splits.map(duration) }),
        axisStyle({ size: 52, splits: () => [0, 0.25, 0.5, 0.75, 1],
                    values: (plot, splits) => splits.map((share) => `${100 * share} %`) }),
      ],
    },
  });
}
