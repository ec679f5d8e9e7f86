// Small things that everything else uses: elements (text only, never markup), units, colours.

/** An element; strings among the children become text nodes, so nothing of a trace is markup. */
function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const byId = (id) => document.getElementById(id);

const kNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const kDigits = [0, 1, 2].map(
  (digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits,
                                            maximumFractionDigits: digits }));

/** 12,345 or 3.4: three significant digits are enough to read. */
function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100) return kNumber.format(value);
  return kDigits[size >= 10 ? 1 : 2].format(value);
}

const percent = (share) =>
  share === null || share === undefined ? "–" : `${kDigits[1].format(100 * share)} %`;

/** [amount, unit] of a length of time in seconds. */
function durationParts(seconds) {
  if (seconds < 60) return [number(Math.round(seconds * 10) / 10), "s"];
  if (seconds < 3600) return [number(seconds / 60), "min"];
  if (seconds < 48 * 3600) return [number(seconds / 3600), "h"];
  return [number(seconds / 86400), "days"];
}
const duration = (seconds) =>
  seconds === null || seconds === undefined ? "–" : durationParts(seconds).join(" ");

const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** Colour of a custom property of the page, in the light or dark scheme that is shown. */
const cssColor = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const kCategories = 9;
const categoryColor = (position) => (position < kCategories ? `c${position}` : "other");

/** Calls `draw` when the reader switches between light and dark. */
function onScheme(draw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

const key = (color) => {
  const node = el("span", { className: "key", ariaHidden: "true" });
  node.style.background = `var(--${color})`;
  return node;
};

/** A canvas of its box's size in device pixels, and its context. */
function fitCanvas(canvas, height) {
  const scale = window.devicePixelRatio || 1;
  const width = Math.max(1, canvas.clientWidth);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height };
}
