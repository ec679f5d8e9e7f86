// The data of the page, as sim/report/page_data.cpp packs it, unpacked into typed arrays.

/** Values from differences to the one before. */
function sums(differences) {
  const values = new Float64Array(differences.length);
  let value = 0;
  differences.forEach((difference, at) => { values[at] = value += difference; });
  return values;
}

/** A column that may have been packed into its one value. */
function column(packed, length) {
  if (Array.isArray(packed)) return Float64Array.from(packed);
  return new Float64Array(length).fill(packed);
}

/** {name: values} of timeline.csv. */
function unpackTimeline(packed) {
  return Object.fromEntries(Object.entries(packed).map(([name, steps]) => [name, sums(steps)]));
}

/** The attempts that are drawn, by columns; texts by `text(name, job)`. */
class Jobs {
  constructor(packed) {
    const length = packed.id.length;
    this.length = length;
    this.packed = packed;
    this.submit = sums(packed.submit);
    this.start = column(packed.delay, length).map((delay, job) => this.submit[job] + delay);
    this.end = column(packed.length, length).map((time, job) => this.start[job] + time);
    for (const name of ["wait", "time_limit", "attempt", "nodes", "cpus", "gpus"]) {
      this[name] = column(packed[name], length);
    }
    this.positions = {};
    for (const name of ["user", "account", "partition", "qos", "state", "gpu_type",
                        "started_by"]) {
      this.positions[name] = column(packed[name].of, length);
    }
  }

  id(job) {
    return this.packed.id[job];
  }

  text(name, job) {
    return this.packed[name].texts[this.positions[name][job]];
  }

  /** [[reason, seconds], ...], the longest first. */
  reasons(job) {
    const packed = this.packed.reasons[job] || [];
    const pairs = [];
    for (let at = 0; at < packed.length; at += 2) {
      pairs.push([this.packed.reason_names[packed[at]], packed[at + 1]]);
    }
    return pairs.sort((a, b) => b[1] - a[1]);
  }
}
