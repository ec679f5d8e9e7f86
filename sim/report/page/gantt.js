// Nodes over time. A node's row is cut into lanes, one for each job that runs beside others; in a
// lane jobs follow each other, so the first visible one is found by bisection. Everything visible
// is summed into pixels: a pixel shows the mean colour of what lies in it, by area, so that
// thousands of short jobs look as dense as they are. Cost of a frame: visible spans + pixels.

/** Runs of a job on a node, in the order (node, lane, start), as typed arrays. */
class Spans {
  constructor(data, jobs) {
    const total = data.span_jobs.length;
    this.job = new Int32Array(total);
    this.firstLane = new Int32Array(data.nodes.length + 1);  // node -> its lanes
    const firstSpan = [0];                                   // lane -> its spans
    let read = 0;
    let write = 0;
    data.node_spans.forEach((spans, node) => {
      const own = [];
      for (let at = 0, job = 0; at < spans; ++at) own.push((job += data.span_jobs[read++]));
      own.sort((a, b) => jobs.start[a] - jobs.start[b] || a - b);
      const lanes = [];
      for (const job of own) {
        let lane = lanes.findIndex((taken) => jobs.end[taken[taken.length - 1]] <= jobs.start[job]);
        if (lane < 0) lane = lanes.push([]) - 1;
        lanes[lane].push(job);
      }
      for (const lane of lanes) {
        this.job.set(lane, write);
        firstSpan.push((write += lane.length));
      }
      this.firstLane[node + 1] = firstSpan.length - 1;
    });
    this.firstSpan = Int32Array.from(firstSpan);
    this.start = Float64Array.from(this.job, (job) => jobs.start[job]);
    this.end = Float64Array.from(this.job, (job) => jobs.end[job]);
  }

  lanes(node) {
    return this.firstLane[node + 1] - this.firstLane[node];
  }

  /** The first span of `lane` that ends after `time`. */
  after(lane, time) {
    let low = this.firstSpan[lane];
    let high = this.firstSpan[lane + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.end[middle] > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Adds up coloured areas per column of one line of pixels. */
class PixelLine {
  constructor(width) {
    this.width = width;
    this.red = new Float32Array(width);
    this.green = new Float32Array(width);
    this.blue = new Float32Array(width);
    this.area = new Float32Array(width);
  }

  clear() {
    for (const sums of [this.red, this.green, this.blue, this.area]) sums.fill(0);
  }

  /** Covers [from, to) columns with `color` (0xRRGGBB), to the share `weight` of the height. */
  add(from, to, color, weight) {
    const first = Math.max(0, Math.floor(from));
    const last = Math.min(this.width, Math.ceil(to));
    const red = color >> 16;
    const green = (color >> 8) & 255;
    const blue = color & 255;
    for (let x = first; x < last; ++x) {
      const area = weight * (Math.min(to, x + 1) - Math.max(from, x));
      this.red[x] += area * red;
      this.green[x] += area * green;
      this.blue[x] += area * blue;
      this.area[x] += area;
    }
  }

  /** Writes the line over `background` into `pixels` (0xAABBGGRR) from `offset` on. */
  write(pixels, offset, background) {
    const backRed = background >> 16;
    const backGreen = (background >> 8) & 255;
    const backBlue = background & 255;
    for (let x = 0; x < this.width; ++x) {
      const scale = this.area[x] > 1 ? 1 / this.area[x] : 1;
      const rest = Math.max(0, 1 - this.area[x]);
      const red = this.red[x] * scale + backRed * rest;
      const green = this.green[x] * scale + backGreen * rest;
      const blue = this.blue[x] * scale + backBlue * rest;
      pixels[offset + x] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
  }
}

const kAxis = 26;  // CSS pixels below the rows, for the time
const kRowHeight = 34;  // of a node, while few of them fit

class Gantt {
  /** `jobs`: columns; `details(job)`: an element for the tip; `color(job)`: a property's name. */
  constructor(root, { data, jobs, shown, clock, details, onPick }) {
    Object.assign(this, { nodes: data.nodes, jobs, shown, clock, details, onPick });
    this.spans = new Spans(data, jobs);
    this.rows = { from: 0, to: this.nodes.length };
    this.picked = -1;
    this.colors = new Int32Array(jobs.start.length);
    this.canvas = el("canvas", { tabIndex: 0, role: "img", ariaLabel:
      "Jobs on nodes over time. Arrow keys move, plus and minus zoom, 0 shows everything, " +
      "Shift with up and down zooms the nodes." });
    root.append(this.canvas);
    this.gutter = Math.min(110, 16 + 7 * Math.max(...this.nodes.map((name) => name.length), 3));
    this.height = Math.max(120, Math.min(560, this.nodes.length * kRowHeight)) + kAxis;
    this.canvas.style.height = `${this.height}px`;
    this.#listen();
    new ResizeObserver(() => this.draw()).observe(root);
    shown.listeners.push(() => this.draw());
    onScheme(() => this.recolor(this.colorName));
  }

  /** Colours every job by `colorName(job)`, the name of a property of the page. */
  recolor(colorName) {
    this.colorName = colorName;
    const known = new Map();
    for (let job = 0; job < this.colors.length; ++job) {
      const name = colorName(job);
      if (!known.has(name)) known.set(name, parseInt(cssColor(name).slice(1), 16));
      this.colors[job] = known.get(name);
    }
    this.draw();
  }

  pick(job) {
    this.picked = job;
    this.onPick(job);
    this.draw();
  }

  /** Brings `job` into view, with as much time again around it, and picks it. */
  show(job) {
    const length = Math.max(60, this.jobs.end[job] - this.jobs.start[job]);
    this.shown.set(this.jobs.start[job] - length, this.jobs.end[job] + length);
    const span = this.spans.job.indexOf(job);
    const lane = this.spans.firstSpan.findIndex((first) => first > span) - 1;
    const node = this.spans.firstLane.findIndex((first) => first > lane) - 1;
    const most = Math.min(this.nodes.length, 24);
    if (this.#rowHeight() < 10) this.#setRows(node - most / 2, node + most / 2);
    this.pick(job);
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.#paint();
    });
  }

  #paint() {
    const { context, width } = fitCanvas(this.canvas, this.height);
    if (width <= this.gutter) return;
    this.context = context;
    this.plotWidth = width - this.gutter;
    const scale = this.canvas.width / width;
    const image = context.createImageData(Math.round(this.plotWidth * scale),
                                          Math.round((this.height - kAxis) * scale));
    this.#raster(image);
    context.putImageData(image, Math.round(this.gutter * scale), 0);
    this.#paintAxes();
    this.#paintTexts();
  }

  /** All visible spans into `image`. Lanes thinner than a pixel share its line. */
  #raster(image) {
    const pixels = new Uint32Array(image.data.buffer);
    const line = new PixelLine(image.width);
    const background = parseInt(cssColor("empty").slice(1), 16);
    const gap = parseInt(cssColor("paper").slice(1), 16);
    const rowHeight = image.height / (this.rows.to - this.rows.from);
    const padding = rowHeight >= 8 ? Math.min(3, Math.round(rowHeight / 8)) : 0;
    let written = 0;  // lines of the image that are done
    const flush = (until) => {
      for (; written < until; ++written) line.write(pixels, written * image.width, background);
      line.clear();
    };
    line.clear();
    const last = Math.min(this.nodes.length, Math.ceil(this.rows.to));
    for (let node = Math.max(0, Math.floor(this.rows.from)); node < last; ++node) {
      const top = (node - this.rows.from) * rowHeight;
      const laneHeight = (rowHeight - padding) / Math.max(1, this.spans.lanes(node));
      for (let lane = this.spans.firstLane[node], y = top; lane < this.spans.firstLane[node + 1];
           ++lane, y += laneHeight) {
        if (Math.floor(y) > written) flush(Math.min(image.height, Math.floor(y)));
        this.#addLane(line, lane, Math.min(1, laneHeight));
        if (laneHeight >= 1) flush(Math.min(image.height, Math.round(y + laneHeight)));
      }
      const bottom = Math.min(image.height, Math.round(top + rowHeight));
      if (padding > 0) {
        flush(Math.min(image.height, Math.round(top + rowHeight - padding)));
        pixels.fill(0xff000000 | ((gap & 255) << 16) | (gap & 0xff00) | (gap >> 16),
                    written * image.width, bottom * image.width);
        written = Math.max(written, bottom);
      }
    }
    flush(image.height);
  }

  #addLane(line, lane, weight) {
    const { start, end, job, firstSpan } = this.spans;
    const scale = line.width / (this.shown.to - this.shown.from);
    for (let at = this.spans.after(lane, this.shown.from);
         at < firstSpan[lane + 1] && start[at] < this.shown.to; ++at) {
      const from = (start[at] - this.shown.from) * scale;
      const to = (end[at] - this.shown.from) * scale;
      const dimmed = this.picked >= 0 && job[at] !== this.picked ? 0.45 : 1;
      line.add(from, to - from > 4 ? to - 1 : to, this.colors[job[at]], weight * dimmed);
    }
  }

  #paintAxes() {
    const { context } = this;
    const bottom = this.height - kAxis;
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = cssColor("soft");
    context.textBaseline = "middle";
    context.textAlign = "right";
    const rowHeight = this.#rowHeight();
    const every = Math.max(1, Math.ceil(14 / rowHeight));
    const last = Math.min(this.nodes.length, Math.ceil(this.rows.to));
    for (let node = Math.ceil(this.rows.from / every) * every; node < last; node += every) {
      const y = (node - this.rows.from + 0.5) * rowHeight;
      if (y > 6 && y < bottom - 2) context.fillText(this.nodes[node], this.gutter - 8, y);
    }
    context.textAlign = "center";
    const ticks = this.clock.ticks(this.shown.from, this.shown.to, this.plotWidth / 90);
    const labels = this.clock.labels(ticks);
    ticks.forEach((at, position) => {
      const x = this.#x(at);
      context.fillRect(Math.round(x), bottom, 1, 4);
      if (x > this.gutter + 20 && x < this.gutter + this.plotWidth - 20) {
        context.fillText(labels[position], x, bottom + 14);
      }
    });
  }

  /** Names of jobs that are wide enough, and the frame of the picked one. */
  #paintTexts() {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(this.gutter, 0, this.plotWidth, this.height - kAxis);
    context.clip();
    context.textAlign = "left";
    context.font = "11px system-ui, sans-serif";
    const rowHeight = this.#rowHeight();
    for (let node = Math.max(0, Math.floor(this.rows.from));
         node < Math.min(this.nodes.length, this.rows.to); ++node) {
      const laneHeight = (rowHeight - (rowHeight >= 8 ? 2 : 0)) /
        Math.max(1, this.spans.lanes(node));
      const first = this.spans.firstLane[node];
      for (let lane = first; lane < this.spans.firstLane[node + 1]; ++lane) {
        const y = (node - this.rows.from) * rowHeight + (lane - first) * laneHeight;
        this.#paintLaneTexts(lane, y, laneHeight);
      }
    }
    context.restore();
  }

  #paintLaneTexts(lane, y, height) {
    const readable = height >= 11;
    if (!readable && this.picked < 0) return;
    const { context, spans } = this;
    for (let at = spans.after(lane, this.shown.from);
         at < spans.firstSpan[lane + 1] && spans.start[at] < this.shown.to; ++at) {
      const from = Math.max(this.#x(spans.start[at]), this.gutter);
      const to = this.#x(spans.end[at]);
      const job = spans.job[at];
      if (job === this.picked) {
        context.strokeStyle = cssColor("ink");
        context.lineWidth = 1.5;
        context.strokeRect(from, y + 0.75, Math.max(2, to - from), Math.max(1.5, height - 1.5));
      }
      const name = this.jobs.id(job);
      if (!readable || to - from < 7 * name.length + 8) continue;
      const [red, green, blue] = [16, 8, 0].map((shift) => (this.colors[job] >> shift) & 255);
      context.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue > 140 ? "#16181b" : "#ffffff";
      context.fillText(name, from + 4, y + height / 2 + 0.5);
    }
  }

  #x(time) {
    return this.gutter +
      ((time - this.shown.from) / (this.shown.to - this.shown.from)) * this.plotWidth;
  }

  #time(x) {
    return this.shown.from +
      ((x - this.gutter) / this.plotWidth) * (this.shown.to - this.shown.from);
  }

  #rowHeight() {
    return (this.height - kAxis) / (this.rows.to - this.rows.from);
  }

  /** The job under a point of the canvas, or -1, and its node. */
  #at(x, y) {
    const row = this.rows.from + y / this.#rowHeight();
    const node = Math.floor(row);
    if (x < this.gutter || y > this.height - kAxis || node < 0 || node >= this.nodes.length) {
      return { job: -1, node: -1 };
    }
    const lane = this.spans.firstLane[node] + Math.floor((row - node) * this.spans.lanes(node));
    const reach = (this.shown.to - this.shown.from) / this.plotWidth;  // one pixel
    const time = this.#time(x);
    if (lane >= this.spans.firstLane[node + 1]) return { job: -1, node };
    const span = this.spans.after(lane, time - reach);
    const found = span < this.spans.firstSpan[lane + 1] && this.spans.start[span] <= time + reach;
    return { job: found ? this.spans.job[span] : -1, node };
  }

  #setRows(from, to) {
    const length = Math.min(Math.max(to - from, 1), this.nodes.length);
    const start = Math.min(Math.max(from, 0), this.nodes.length - length);
    this.rows = { from: start, to: start + length };
    this.draw();
  }

  #zoomRows(factor, at) {
    this.#setRows(at - (at - this.rows.from) * factor, at + (this.rows.to - at) * factor);
  }

  /** Mouse, touch, pen and keyboard. */
  #listen() {
    let scrolled = 0;  // the page's own scrolling must not turn into a zoom half-way
    addEventListener("scroll", () => { scrolled = performance.now(); }, { passive: true });
    this.canvas.addEventListener("wheel", (event) => {
      const out = event.deltaY > 0;
      const whole = event.shiftKey ? this.rows.to - this.rows.from >= this.nodes.length
        : this.shown.all;
      if ((out && whole) || performance.now() - scrolled < 200) return;
      event.preventDefault();
      const factor = Math.exp(Math.max(-100, Math.min(100, event.deltaY || event.deltaX)) / 400);
      if (event.shiftKey) {
        this.#zoomRows(factor, this.rows.from + event.offsetY / this.#rowHeight());
      } else {
        this.shown.zoom(factor, this.#time(event.offsetX));
      }
    }, { passive: false });
    this.canvas.addEventListener("dblclick", () => this.#reset());
    this.#listenToPointers();
    this.canvas.addEventListener("keydown", (event) => {
      const rows = this.rows.to - this.rows.from;
      const act = {
        ArrowLeft: () => this.shown.pan(-0.2),
        ArrowRight: () => this.shown.pan(0.2),
        ArrowUp: () => (event.shiftKey ? this.#zoomRows(0.7, this.rows.from + rows / 2)
          : this.#setRows(this.rows.from - rows / 5, this.rows.to - rows / 5)),
        ArrowDown: () => (event.shiftKey ? this.#zoomRows(1 / 0.7, this.rows.from + rows / 2)
          : this.#setRows(this.rows.from + rows / 5, this.rows.to + rows / 5)),
        "+": () => this.shown.zoom(0.5),
        "-": () => this.shown.zoom(2),
        0: () => this.#reset(),
        Escape: () => this.pick(-1),
      }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  #reset() {
    this.shown.reset();
    this.#setRows(0, this.nodes.length);
  }

  #listenToPointers() {
    const down = new Map();  // pointers that are pressed: where they were last
    let moved = 0;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      moved = 0;
      this.#hideTip();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before) return this.#tip(event);
      const now = { x: event.offsetX, y: event.offsetY };
      const seconds = (this.shown.to - this.shown.from) / this.plotWidth;
      moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      if (down.size === 1) {
        const shift = (before.x - now.x) * seconds;
        this.shown.set(this.shown.from + shift, this.shown.to + shift);
        const rows = (before.y - now.y) / this.#rowHeight();
        if (rows !== 0) this.#setRows(this.rows.from + rows, this.rows.to + rows);
      } else {
        const other = [...down].find(([id]) => id !== event.pointerId)[1];
        const spread = Math.max(8, Math.abs(now.x - other.x));
        this.shown.zoom(Math.max(8, Math.abs(before.x - other.x)) / spread, this.#time(other.x));
      }
      down.set(event.pointerId, now);
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (down.size === 1 && moved < 4) this.pick(this.#at(event.offsetX, event.offsetY).job);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, (event) => down.delete(event.pointerId));
    }
    this.canvas.addEventListener("pointerleave", () => this.#hideTip());
  }

  #tip(event) {
    const { job, node } = this.#at(event.offsetX, event.offsetY);
    if (job < 0) return this.#hideTip();
    const tip = byId("tip");
    tip.replaceChildren(this.details(job, this.nodes[node]));
    tip.hidden = false;
    const left = event.clientX + 16 + tip.offsetWidth > innerWidth
      ? event.clientX - 16 - tip.offsetWidth : event.clientX + 16;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 4)}px`;
  }

  #hideTip() {
    byId("tip").hidden = true;
  }
}
