// bench: in the built page, out how long a report of 100 k sites takes to open and to answer, in headless Chromium, beside the limits.
// usage: node web/bench.mjs [SITES]
import { Browser } from "../tests/web/browser.mjs";
import { makePage, makeReport } from "../tests/web/sample.mjs";

const TIMES = 7;
const sites = Number(process.argv[2] ?? 100000);

/** Milliseconds from an action to the end of the frame that shows it. */
const MEASURE = `window.measure = async (action) => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => { const gate = new MessageChannel(); gate.port1.onmessage = done; gate.port2.postMessage(0); }));
    await frame();
    const began = performance.now();
    action();
    await frame();
    return performance.now() - began;
}`;

const ACTIONS = [
    ["sort by allocated", "#/sites", () => document.querySelectorAll("th button")[1].click()],
    ["sort by name", "#/sites", () => document.querySelectorAll("th button")[0].click()],
    ["type into the filter", "#/sites", () => { const field = document.querySelector("[data-search]"); field.value = ["sho", "json_", "flush", "sql", "ev_"][Math.floor(performance.now()) % 5]; field.dispatchEvent(new Event("input", { bubbles: true })); }],
    ["scroll a page", "#/sites", () => { const grid = document.querySelector(".grid"); grid.scrollTop += 7000; }],
    ["select a time", "#/sites", () => { const [, handle] = document.querySelectorAll("[role=slider]"); handle.dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", bubbles: true })); }],
    ["flame: other figure", "#/flame?metric=allocated", () => { const buttons = document.querySelectorAll(".choice:first-child button:enabled"); buttons[(window.turn = (window.turn ?? 0) + 1) % buttons.length].click(); }],
    ["flame: invert", "#/flame?metric=allocated", () => [...document.querySelectorAll(".tools .button")].find((each) => each.textContent === "Inverted").click()],
    ["flame: zoom or back", "#/flame?metric=allocated", () => { const canvas = document.querySelector(".flame-area canvas"); for (const key of ["ArrowDown", "ArrowDown"]) canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); canvas.dispatchEvent(new KeyboardEvent("keydown", { key: window.zoomed ? "Escape" : "Enter", bubbles: true })); window.zoomed = !window.zoomed; }],
    ["flame: search", "#/flame?metric=allocated", () => { const field = document.querySelector("[data-search]"); field.value = ["sho", "json_", "flush", "sql", "ev_"][Math.floor(performance.now()) % 5]; field.dispatchEvent(new Event("input", { bubbles: true })); }],
    ["to another view and back", "#/hotspots", () => { location.hash = location.hash.startsWith("#/hot") ? "#/peak" : "#/hotspots"; }],
];

/** CPU time of the page's main thread so far: what a busy machine does not blur. */
async function cpuTime(session) {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "TaskDuration").value * 1000;
}

async function sessionOf(page) {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
    await session.send("Performance.enable");
    return session;
}

function line(name, values, limit) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted[sorted.length >> 1];
    console.log(`${name.padEnd(28)} ${middle.toFixed(0).padStart(6)} ms (${sorted[0].toFixed(0)} – ${sorted.at(-1).toFixed(0)})${limit ? `   limit ${limit} ms${middle > limit ? "  OVER" : ""}` : ""}`);
}

const browser = await Browser.start();
const report = makeReport({ sites, deep: 4 });
const html = makePage(report);
console.log(`${sites} sites, ${report.stacks.parent.length} stack nodes, ${report.slices.sites.slice.length} cells, ${(html.length / 1048576).toFixed(2)} MiB`);

const paints = [], ready = [];
let page;
for (let i = 0; i < 4; i++) {
    await page?.context().close();
    page = await browser.open(report, { hash: "#/overview" });
    await page.waitForSelector(".view");
    const times = await page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN, performance.getEntriesByName("report-shown")[0]?.startTime ?? NaN]);
    paints.push(times[0]);
    ready.push(times[1]);
}
line("first paint", paints, 300);
line("report shown", ready, 1000);
await page.evaluate(MEASURE);
const session = await sessionOf(page);
for (const [name, hash, action] of ACTIONS) {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await page.waitForTimeout(500);
    const times = [], busy = [];
    for (let i = 0; i <= TIMES; i++) {
        const before = await cpuTime(session);
        times.push(await page.evaluate(`measure(${action.toString()})`));
        busy.push(await cpuTime(session) - before);
    }
    line(name, times.slice(1), 50);
    line("   CPU time", busy.slice(1));
    console.log(`   the first time: ${times[0].toFixed(0)} ms, CPU ${busy[0].toFixed(0)} ms`);
}
await browser.stop();
