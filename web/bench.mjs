// bench: in the built page, out how long a report of 100 k sites takes to open and to answer, and how long a live page takes for a beat, in headless Chromium,
// beside the limits.
// usage: node web/bench.mjs [SITES|live|map]
import { Browser } from "../tests/web/browser.mjs";
import { readFileSync } from "node:fs";
import { BOARD, beatOf, historyOf, LiveServer, SOURCE } from "../tests/web/live_server.mjs";
import { makePage, makeReport } from "../tests/web/sample.mjs";

const TIMES = 7;
const part = ["live", "map"].find((each) => each === process.argv[2]) ?? "";
const sites = part ? 100000 : Number(process.argv[2] ?? 100000);

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

/** CPU time of a process's main thread so far, as the kernel counts it: what a busy machine does not blur. */
const spent = (pid) => Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;

/** The process that a page lives in: of all that there are, the one that works when it is told to. */
async function processOf(page) {
    const devtools = await browser.browser.newBrowserCDPSession();
    const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
    const pids = processInfo.filter((each) => each.type === "renderer").map((each) => each.id);
    const before = pids.map(spent);
    await page.evaluate(() => { for (const end = performance.now() + 60; performance.now() < end;); });
    const worked = pids.map((pid, i) => spent(pid) - before[i]);
    return pids[worked.indexOf(Math.max(...worked))];
}

function line(name, values, limit) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted[sorted.length >> 1];
    console.log(`${name.padEnd(28)} ${middle.toFixed(0).padStart(6)} ms (${sorted[0].toFixed(0)} – ${sorted.at(-1).toFixed(0)})${limit ? `   limit ${limit} ms${middle > limit ? "  OVER" : ""}` : ""}`);
}

async function benchReport(browser) {
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
    const renderer = await processOf(page);
    for (const [name, hash, action] of ACTIONS) {
        await page.evaluate((to) => { location.hash = to; }, hash);
        await page.waitForTimeout(500);
        const times = [], busy = [];
        for (let i = 0; i <= TIMES; i++) {
            const before = spent(renderer);
            times.push(await page.evaluate(`measure(${action.toString()})`));
            busy.push(spent(renderer) - before);
        }
        line(name, times.slice(1), 50);
        line("   CPU time", busy.slice(1));
        console.log(`   the first time: ${times[0].toFixed(0)} ms, CPU ${busy[0].toFixed(0)} ms`);
    }
}

/** Until half a second passed in which the page did nothing. */
async function calm(page, renderer) {
    for (let last = -1, now = 0; now - last > 5;) {
        last = spent(renderer);
        await page.waitForTimeout(500);
        now = spent(renderer);
    }
}

const POINTS = 100000;
const BEATS = 20;

/** How far the frames of two seconds are apart. */
const FRAMES = `new Promise((done) => { const times = []; const next = (now) => { times.push(now); if (times.length <= 100) requestAnimationFrame(next); else done(times.slice(1).map((at, i) => at - times[i])); }; requestAnimationFrame(next); })`;


/** A history of 100 k points, then beats ten times a second; what each costs the main thread, and what frames it leaves. */
async function benchLive(browser) {
    const server = await new LiveServer({ sources: [SOURCE, BOARD] }).start();
    const history = [SOURCE, BOARD].map(({ id }) => historyOf(id, Array.from({ length: POINTS }, (_, i) => i / 10)));
    const report = makeReport({ sites: 2000 });
    server.onSay = (message) => {
        server.tell(history[message.source - 1]);
        if (message.documents !== false)
            server.tell({ type: "document", source: message.source, document: report });
    };
    const page = await browser.visit(`${server.address}#/live?span=0`);
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN);
    line("live: first paint", [paint], 300);
    await page.waitForFunction(() => document.querySelectorAll(".live-charts .uplot").length === 4);
    const renderer = await processOf(page);
    for (const [name, hash] of [["a beat, 100 k points in sight", "#/live?span=0"], ["a beat, one minute in sight", "#/live"], ["a beat, board with regions", "#/live?span=0&source=2"], ["a beat, flame graph in sight", "#/flame"]]) {
        await page.evaluate((to) => { location.hash = to; }, hash);
        await calm(page, renderer);
        const beat = async () => {
            for (const { id } of [SOURCE, BOARD])
                server.tell(beatOf(id, POINTS / 10 + (server.at = (server.at ?? 0) + 0.1)));
            await page.waitForTimeout(100);
        };
        const busy = [];
        for (let i = 0; i < BEATS; i++) {
            const before = spent(renderer);
            await beat();
            busy.push(spent(renderer) - before);
        }
        line(`live: ${name}, CPU`, busy, 16);
        const frames = page.evaluate(FRAMES);
        for (let i = 0; i < BEATS; i++)
            await beat();
        const times = (await frames).sort((x, y) => x - y);
        console.log(`   frames: median ${times[times.length >> 1].toFixed(1)} ms, ${times.filter((each) => each > 34).length} of ${times.length} over 34 ms`);
    }
    await server.stop();
}

/** Where so many single blocks lie, zoomed by keys. */
async function benchMap(browser) {
    const report = makeReport({ sites: 400 });
    const map = report.tables.find((table) => table.name === "heap_map");
    const stack = report.sites.stack[1];
    map.columns = [["start", "address"], ["bytes", "bytes"], ["stack", "stack"], ["birth_ns", "time"]].map(([name, kind]) => ({ name, kind, title: name, unit: "", about: "" }));
    map.rows = Array.from({ length: 1e6 }, (_, i) => ({ start: `0x${(0x7f0000000000 + i * 96).toString(16)}`, bytes: 32 + i * 7919 % 64, stack, birth_ns: i }));
    const page = await browser.open(report, { hash: "#/overview" });
    await page.waitForSelector(".view");
    await page.evaluate(MEASURE);
    console.log(`1,000,000 blocks on the heap map: shown after ${(await page.evaluate(`measure(() => { location.hash = "#/heap_map"; })`)).toFixed(0)} ms`);
    await page.waitForSelector(".map canvas");
    const renderer = await processOf(page);
    for (const [name, key] of [["walk a cell", "ArrowRight"], ["zoom in", "+"], ["zoom out", "-"]]) {
        const busy = [];
        for (let i = 0; i < TIMES; i++) {
            const before = spent(renderer);
            await page.evaluate(`measure(() => document.querySelector(".map canvas").dispatchEvent(new KeyboardEvent("keydown", { key: ${JSON.stringify(key)}, bubbles: true })))`);
            busy.push(spent(renderer) - before);
        }
        line(`heap map: ${name}, CPU`, busy, 50);
    }
}

const browser = await Browser.start();
if (!part)
    await benchReport(browser);
if (part !== "map")
    await benchLive(browser);
if (part !== "live")
    await benchMap(browser);
await browser.stop();
