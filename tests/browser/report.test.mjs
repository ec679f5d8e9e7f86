// The report's page in a real browser: node --test report.test.mjs, with REHEARSE naming the
// program. Says "skipped: no ..." where Chromium or node_modules are missing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { writeRunFolder } from "./run_folder.mjs";

const kChromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
const kHostile = { job: ["<script>alert(1)</script>"],
                   user: ['"><img src=x onerror=alert(2)>'] };

const playwright = await import("playwright-core").catch(() => null);
if (playwright === null || !existsSync(kChromium)) {
  console.log(`skipped: no ${playwright === null ? "node_modules (npm ci)" : kChromium}`);
  process.exit(0);
}

// Beside other tests on a busy machine a big page takes its time.
const kPatienceMs = 180_000;

let browser;
let folder;

before(async () => {
  browser = await playwright.chromium.launch({ executablePath: kChromium,
    args: ["--no-sandbox"], timeout: kPatienceMs });
  folder = mkdtempSync(join(tmpdir(), "rehearse-browser-"));
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the page of a made-up run; `seen` collects what a page must never do. */
async function open(name, run, size = { width: 1280, height: 800 }) {
  const directory = join(folder, name);
  writeRunFolder(directory, run);
  execFileSync(process.env.REHEARSE, ["report", directory]);
  return openFolder(directory, size);
}

async function openFolder(directory, viewport) {
  const page = await browser.newPage({ viewport });
  page.setDefaultTimeout(kPatienceMs);
  const address = pathToFileURL(join(directory, "report.html")).href;
  const seen = [];
  page.on("console", (message) => seen.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => seen.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (request.url() !== address) seen.push(`request: ${request.url()}`);
  });
  page.on("dialog", (dialog) => {
    seen.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(address);
  await frames(page);
  return { page, seen };
}

/** Waits until what was asked for is drawn. */
const frames = (page) => page.evaluate(() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));

/** How many colours a canvas shows. */
const colors = (canvas) => canvas.evaluate((element) => {
  const { width, height } = element;
  const pixels = element.getContext("2d").getImageData(0, 0, width, height).data;
  return new Set(new Uint32Array(pixels.buffer)).size;
});

const snapshot = (canvas) => canvas.evaluate((element) => element.toDataURL());

/** Turns the wheel over the middle of `canvas`. */
async function turnWheel(page, canvas, delta) {
  await canvas.scrollIntoViewIfNeeded();
  await page.waitForTimeout(300);  // the page ignores the wheel while it is being scrolled
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, delta);
  await page.waitForTimeout(50);
  await frames(page);
}

test("every chart is drawn, without an error and without a request", async () => {
  const { page, seen } = await open("plain", { jobs: 600, nodes: 12 });
  for (const chart of ["#utilization", "#queue", "#stranded", "#wait-panel .chart",
                       "#wait-panel td.bar", "#gantt-view"]) {
    assert.ok(await colors(page.locator(`${chart} canvas`).first()) > 3, `${chart} is empty`);
  }
  assert.match(await page.locator("#headline").innerText(), /Jobs\s+600\s+600 completed/);
  assert.equal(await page.locator("#notices").innerText(), "");
  assert.equal(await page.locator("#account-table tbody tr").count(), 5);
  await page.getByRole("tab", { name: "By Account" }).click();
  assert.equal(await page.locator("#wait-panel tbody tr").count(), 5);
  assert.deepEqual(seen, []);
});

test("names that are markup are text", async () => {
  const { page, seen } = await open("hostile", {
    jobs: 600, nodes: 12, names: kHostile,
    changes: { notes: ["</script><script>alert(3)</script>"],
               rejected: { InvalidAccount: { jobs: 1, first: ["<b>bold</b>"] } } } });
  for (const [wanted, shown] of [[kHostile.job[0], kHostile.user[0]],
                                 [kHostile.user[0], kHostile.job[0]]]) {
    await page.getByLabel("find").fill(wanted);
    await page.getByLabel("find").press("Enter");
    await frames(page);
    const panel = await page.locator("#gantt-job").innerText();
    assert.ok(panel.includes(wanted) && panel.includes(shown), panel);
  }
  const canvas = page.locator("#gantt-view canvas");
  const box = await canvas.boundingBox();
  for (let x = 120; x < box.width; x += 60) {  // over the job, for its tip
    for (let y = 5; y < box.height; y += 40) await page.mouse.move(box.x + x, box.y + y);
  }
  const caveats = await page.locator("#caveats").innerText();
  assert.ok(caveats.includes("</script><script>alert(3)</script>"));
  assert.ok(caveats.includes("<b>bold</b>"));
  assert.equal(await page.locator("img, main b b, #caveats b").count(), 0);
  assert.deepEqual(seen, []);
});

test("a clairvoyant run and what was not simulated come first", async () => {
  const { page } = await open("notices", {
    jobs: 50, nodes: 3, changes: { clairvoyant: true, not_simulated: ["nodes that boot"] } });
  const text = await page.locator("body").innerText();
  assert.match(text, /^(Skip to the report\s+)?Clairvoyant run/);
  assert.match(await page.locator("#notices").innerText(), /not simulate \(1\)/);
});

test("a run without a job that started still has a page", async () => {
  const empty = { mean: 0, median: 0, p90: 0, p99: 0, max: 0 };
  const none = { jobs: 0, wait: empty, response: empty, bounded_slowdown: empty,
                 wait_by_reason: {}, preemptions: 0, cpu_hours: 0, gpu_hours: 0 };
  const { page, seen } = await open("none", {
    jobs: 0, nodes: 3, changes: { jobs: 2, states: { REJECTED: 2 }, all: none, by_partition: {},
                                  by_account: {}, by_qos: {}, by_gpus: {}, utilization: {},
                                  last_end: 0, makespan: 0 } });
  assert.match(await page.locator("#gantt-view").innerText(), /No job ran/);
  assert.deepEqual(seen, []);
});

test("100,000 jobs are drawn, zoomed, moved and looked at", async (context) => {
  const { page, seen } = await open("large", { jobs: 100_000, nodes: 200 });
  const canvas = page.locator("#gantt-view canvas");
  assert.ok(await colors(canvas) > 10, "the nodes are empty");
  const whole = await snapshot(canvas);

  await turnWheel(page, canvas, -400);
  const zoomed = await snapshot(canvas);
  assert.notEqual(zoomed, whole, "the wheel does not zoom");
  assert.doesNotMatch(await page.locator("#window output").innerText(), /whole run/);

  const box = await canvas.boundingBox();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 200, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await frames(page);
  assert.notEqual(await snapshot(canvas), zoomed, "dragging does not move");

  await canvas.focus();
  await page.keyboard.press("0");
  await frames(page);
  assert.equal(await snapshot(canvas), whole, "0 does not show everything again");

  await page.getByLabel("find").fill("54321");
  await page.getByLabel("find").press("Enter");
  await frames(page);
  assert.match(await page.locator("#gantt-job").innerText(), /job 54321[\s\S]*waited/);

  // Each frame of a zoom into the whole picture; told, not judged: machines differ.
  await canvas.focus();
  await page.keyboard.press("0");
  const times = await canvas.evaluate(async (element) => {
    const next = () => new Promise((done) => requestAnimationFrame(done));
    const { left, top, width } = element.getBoundingClientRect();
    const measured = [];
    let before = await next();
    for (let at = 0; at < 60; ++at) {
      element.dispatchEvent(new WheelEvent("wheel", {
        deltaY: at < 30 ? -40 : 40, clientX: left + width / 2, clientY: top + 100,
        cancelable: true, bubbles: true }));
      const now = await next();
      measured.push(now - before);
      before = now;
    }
    return measured.sort((a, b) => a - b);
  });
  context.diagnostic(`frames while zooming: median ${times[30].toFixed(1)} ms, ` +
                     `worst ${times[59].toFixed(1)} ms`);
  assert.deepEqual(seen, []);
});

test("a telephone shows all of it without scrolling sideways", async () => {
  const { page, seen } = await open("narrow", { jobs: 600, nodes: 12 },
                                    { width: 390, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  assert.ok(await colors(page.locator("#gantt-view canvas")) > 3);
  assert.deepEqual(seen, []);
});

test("a real run's folder opens as well", {
  skip: process.env.REHEARSE_RUN ? false : "REHEARSE_RUN names none" }, async () => {
  const { page, seen } = await openFolder(process.env.REHEARSE_RUN, { width: 1280, height: 800 });
  assert.ok(await colors(page.locator("#gantt-view canvas")) > 3);
  assert.deepEqual(seen, []);
});
