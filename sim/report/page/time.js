// Time as the charts share it: one window that zooms and pans, and ticks that a person can read.
// Times are whole seconds after the trace's origin, or Unix time if the trace says so.

const kDay = 86400;
const kTickSteps = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, kDay,
                    2 * kDay, 7 * kDay, 14 * kDay, 28 * kDay, 91 * kDay, 182 * kDay, 364 * kDay,
                    1820 * kDay];
const kMonths = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

class Clock {
  /** `unixStart`: Unix time of second 0 of the trace, or null if it is not known. */
  constructor(unixStart) {
    this.unixStart = unixStart;
  }

  /** A moment in full: "12 Mar 2026 14:05" (UTC) or "day 12 14:05". */
  text(seconds) {
    const clock = this.#hours(seconds);
    if (this.unixStart === null) return `day ${Math.floor(seconds / kDay)} ${clock}`;
    const date = this.#date(seconds);
    return `${date.getUTCDate()} ${kMonths[date.getUTCMonth()]} ${date.getUTCFullYear()} ${clock}`;
  }

  /** Where ticks belong between `from` and `to`, at most `most` of them. */
  ticks(from, to, most) {
    const step = kTickSteps.find((size) => (to - from) / size <= most) ?? (to - from) / most;
    const shift = (this.unixStart ?? 0) % kDay;
    const ticks = [];
    for (let at = Math.ceil((from + shift) / step) * step - shift; at <= to; at += step) {
      ticks.push(at);
    }
    return ticks;
  }

  /** Labels of `ticks`: the date, or the hour where several ticks share a day. */
  labels(ticks) {
    const step = ticks.length > 1 ? ticks[1] - ticks[0] : kDay;
    return ticks.map((at) => {
      const midnight = (at + (this.unixStart ?? 0)) % kDay === 0;
      if (step < kDay && !midnight) return this.#hours(at, step < 60);
      if (this.unixStart === null) return `day ${Math.floor(at / kDay)}`;
      const date = this.#date(at);
      const day = `${date.getUTCDate()} ${kMonths[date.getUTCMonth()]}`;
      return step >= 28 * kDay ? `${day} ${date.getUTCFullYear()}` : day;
    });
  }

  #date(seconds) {
    return new Date((seconds + this.unixStart) * 1000);
  }

  #hours(seconds, withSeconds = false) {
    const day = (((seconds + (this.unixStart ?? 0)) % kDay) + kDay) % kDay;
    const two = (value) => String(Math.floor(value)).padStart(2, "0");
    const minutes = `${two(day / 3600)}:${two((day % 3600) / 60)}`;
    return withSeconds ? `${minutes}:${two(day % 60)}` : minutes;
  }
}

/** The part of the run that is shown; listeners hear of every change. */
class TimeWindow {
  constructor(first, last) {
    this.first = this.from = first;
    this.last = this.to = Math.max(last, first + 1);
    this.listeners = [];
  }

  get all() {
    return this.from === this.first && this.to === this.last;
  }

  set(from, to) {
    const length = Math.min(Math.max(to - from, 1), this.last - this.first);
    const start = Math.min(Math.max(from, this.first), this.last - length);
    if (start === this.from && start + length === this.to) return;
    this.from = start;
    this.to = start + length;
    for (const listener of this.listeners) listener();
  }

  /** Shows `factor` times as much, keeping the moment `at` where it is. */
  zoom(factor, at = (this.from + this.to) / 2) {
    this.set(at - (at - this.from) * factor, at + (this.to - at) * factor);
  }

  pan(share) {
    const step = (this.to - this.from) * share;
    this.set(this.from + step, this.to + step);
  }

  reset() {
    this.set(this.first, this.last);
  }
}

/** The buttons that move the window without a mouse. */
function windowTools(root, shown, clock) {
  const label = el("output");
  const tool = (text, title, act) =>
    el("button", { type: "button", title, ariaLabel: title, onclick: act }, text);
  root.append(label, tool("←", "Earlier", () => shown.pan(-0.25)),
              tool("→", "Later", () => shown.pan(0.25)),
              tool("+", "Zoom in", () => shown.zoom(0.5)),
              tool("−", "Zoom out", () => shown.zoom(2)),
              tool("All", "Show the whole run", () => shown.reset()));
  const update = () => {
    label.textContent = shown.all ? `whole run, ${duration(shown.last - shown.first)}`
      : `${duration(shown.to - shown.from)} from ${clock.text(shown.from)}`;
  };
  shown.listeners.push(update);
  update();
}
