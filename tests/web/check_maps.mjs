// check_maps: maps of memory: back in time in a report that asks nobody, and live down to single blocks, with who made them; dumps of blocks and bytes; a line that is gone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BOARD, beatOf, historyOf, LiveServer, SOURCE } from "./live_server.mjs";
import { makeReport, web } from "./sample.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const report = makeReport({ sites: 120 });
const heap = report.tables.find((table) => table.name === "heap_map");
const shows = (page, pattern, where = "main") => page.waitForFunction(([source, flags, selector]) => new RegExp(source, flags).test(document.querySelector(selector)?.innerText ?? ""), [pattern.source, pattern.flags, where]);
const pixels = (page) => page.$eval(".map canvas", (canvas) => canvas.toDataURL());
const figures = (page) => page.$eval(".by-then", (list) => Object.fromEntries([...list.children].map((each) => [each.querySelector("dt").textContent, each.querySelector("dd").textContent])));
const UNITS = { B: 1, KiB: 1024, MiB: 1048576, GiB: 1073741824 };

/** Of a figure with its unit; three digits are told. */
function isAbout(text, bytes) {
    const [, value, unit] = /^([\d.]+) (\w+)$/.exec(text);
    assert.ok(Math.abs(Number(value) * UNITS[unit] - bytes) <= bytes * 0.005, `${text} is not ${bytes}`);
}

export async function maps_follow_the_time_in_a_report(browser) {
    const page = await browser.open(report, { hash: "#/heap_map" });
    const { slices, moments } = report;
    await page.waitForSelector(".time-slider input");
    const atEnd = { pixels: await pixels(page), figures: await figures(page) };
    isAbout(atEnd.figures["In use"], slices.live_bytes.at(-1));
    await page.focus(".time-slider input");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await shows(page, new RegExp(`Map at ${(moments.time_ns[1] / 1e9).toFixed(3)} s[\\s\\S]*End`), ".time-slider");
    const at = Math.round(moments.time_ns[1] / slices.width_ns) - 1, told = await figures(page);
    isAbout(told["In use"], slices.live_bytes[at]);
    assert.equal(told["Blocks"], slices.live_count[at].toLocaleString("en-US"));
    assert.equal(told["Allocations"], slices.allocated_count.slice(0, at + 1).reduce((sum, value) => sum + value, 0).toLocaleString("en-US"));
    const then = await pixels(page);
    assert.notEqual(then, atEnd.pixels);
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction((before) => document.querySelector(".map canvas").toDataURL() !== before, then);
    await page.click('.time-slider button:has-text("End")');
    await page.waitForFunction((before) => document.querySelector(".map canvas").toDataURL() === before, atEnd.pixels).catch(() => assert.fail("the end is not what it was"));
    assert.deepEqual(await figures(page), atEnd.figures);
    await page.focus(".time-slider input");
    await page.keyboard.press("Home");
    await page.focus(".map canvas");
    await page.keyboard.press("ArrowRight");
    await shows(page, /KiB · [\d.]+ KiB live, [\d.]+ % full/, ".canvas .unseen");
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function maps_of_what_went_are_in_the_past(browser) {
    const tables = report.tables.map((table) => table === heap ? { ...heap, rows: [] } : table);
    const page = await browser.open({ ...report, tables }, { hash: "#/heap_map" });
    await shows(page, /Nothing is there any more/);
    assert.equal(await page.$(".map canvas"), null);
    await page.focus(".time-slider input");
    await page.keyboard.press("ArrowLeft");
    await page.waitForSelector(".map canvas");
    assert.doesNotMatch(await page.$eval("main", (each) => each.innerText), /Nothing is there any more/);
    await page.evaluate(() => { location.hash = "#/pages"; });
    await page.waitForFunction(() => document.querySelector("main h1").textContent === "Page maps");
    assert.equal(await page.$(".time-slider"), null);
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function maps_of_damaged_moments_are_left_out(browser) {
    for (const moments of [{}, { time_ns: [1e9] }, { time_ns: [1e9, 2e9], maps: [{ table: "heap_map", cell_bytes: 64, first: [0] }] }, { time_ns: [], maps: [] }, { time_ns: [1e9], maps: [{ ...report.moments.maps[0], first: [0, 5], skip: [], live_bytes: [] }] }]) {
        const page = await browser.open({ ...report, moments }, { hash: "#/heap_map" });
        await page.waitForSelector(".map canvas");
        if (await page.$(".time-slider input")) {
            await page.focus(".time-slider input");
            await page.keyboard.press("Home");
            await page.waitForSelector(".map canvas");
        }
        assert.deepEqual(page.faults, []);
        await page.context().close();
    }
}

const column = (name, kind, unit = "") => ({ name, kind, title: name, unit, about: "" });
const BLOCK_COLUMNS = [column("address", "address"), column("size_bytes", "bytes", "B"), column("age_ns", "duration", "ns"), column("process", "count", "id"), column("stack", "stack")];

/** Blocks of 1,000 bytes, each with 24 bytes behind it, from the beginning of the first region on, all made by one stack of the document; as the server tells them. */
function blocksBy(stack, url) {
    const window = Object.fromEntries([...new URL(url, "http://x").searchParams].map(([name, value]) => [name, Number(value)]));
    const frames = [], start = Number(heap.rows[0].start);
    for (let at = stack; at > 0; at = report.stacks.parent[at])
        frames.push(report.stacks.frame[at]);
    const rows = Array.from({ length: Math.floor(heap.rows[0].bytes / 1024) }, (_, i) => ({ address: `0x${(start + i * 1024).toString(16)}`, size_bytes: 1000, age_ns: 2e9 + i, process: 1, stack: 7 }))
        .filter((row) => Number(row.address) < window.to && Number(row.address) + 1000 > window.from);
    return { window, answer: JSON.stringify({ schema: "heaptracer.tables/1", tables: [{ name: "blocks", title: "Blocks", about: "", shape: "rows", note: "", columns: BLOCK_COLUMNS, rows }], stacks: { 7: frames }, frames: report.frames, notes: [], complete: true, problem: null }) };
}

async function serve(sources = [SOURCE]) {
    const server = new LiveServer({ sources });
    server.onSay = (message) => {
        if (message.type === "subscribe") {
            server.tell(historyOf(message.source, [1, 2, 3]));
            server.tell(beatOf(message.source, 20));
            server.tell({ type: "document", source: message.source, document: report });
        }
    };
    return server.start();
}

async function end(page, server) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
    await server.stop();
}

export async function live_map_shows_single_blocks(browser) {
    const server = await serve();
    const stack = report.sites.stack[5];
    const asked = [];
    server.onFile = (url) => {
        const { window, answer } = blocksBy(stack, url);
        asked.push({ url, ...window });
        return answer;
    };
    const page = await browser.visit(server.address + "#/heap_map");
    await page.waitForSelector(".map canvas");
    assert.equal(asked.length, 0, "blocks are asked for, though there are too many to be told apart");
    await shows(page, /about [\d.]+ [kM] blocks: zoom in to see each/, ".map-legend");
    await page.focus(".map canvas");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await shows(page, /\d+ blocks, each by itself/, ".map-legend");
    assert.ok(asked.every(({ url, from, to, process, most }) => url.startsWith("/api/source/1/blocks.json?") && process === 1 && most === 4097 && from >= Number(heap.rows[0].start) && to > from));
    for (let i = 0; i < 3; i++)
        await page.keyboard.press("+");
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await shows(page, /\d+ blocks, each by itself/, ".map-legend");
    await page.keyboard.press("ArrowDown");
    const box = await (await page.$(".map canvas")).boundingBox();
    await page.mouse.move(box.x + 4, box.y + 4);
    await shows(page, /1000 B · 2\.00 s old · by \S+/, ".canvas .tip");
    await page.mouse.click(box.x + 4, box.y + 4);
    await page.waitForSelector(".detail");
    assert.match(await page.evaluate(() => location.hash), new RegExp(`stack=${stack}(&|$)`));
    await page.evaluate(axe);
    const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    assert.deepEqual(result.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 160)}`), []);
    const before = asked.length;
    server.tell({ type: "document", source: 1, document: structuredClone(report) });
    for (let i = 0; i < 400 && asked.length === before; i++)
        await new Promise((done) => setTimeout(done, 50));
    assert.ok(asked.length > before, "a newer document does not ask for the blocks of now");
    await end(page, server);
}

export async function live_dump_saves_blocks_and_bytes(browser) {
    const server = await serve();
    const page = await browser.visit(server.address);
    await page.waitForSelector(".live-charts canvas");
    for (const [title, name] of [["Live blocks, JSON", "blocks.json"], ["Live blocks, CSV", "blocks.csv"]]) {
        await page.click('summary:has-text("Dump")');
        const [file] = await Promise.all([page.waitForEvent("download"), page.click(`.menu-item:has-text("${title}")`)]);
        assert.equal(file.suggestedFilename(), `shopd.${name}`);
        assert.equal(readFileSync(await file.path(), "utf8"), `asked for /api/source/1/${name}`);
    }
    const ask = async () => {
        await page.click('summary:has-text("Dump")');
        assert.ok(await page.$$eval(".menu[open] .field", (fields) => fields.length === 2 && fields.every((field) => field.clientWidth > 120)), "no room to write");
        await page.fill('.menu [placeholder="0x7f00"]', "0x55d0c0000010");
        await page.fill('.menu [type="number"]', "4");
        await page.keyboard.press("Enter");
    };
    server.onSay = (message) => server.tell({ type: "answer", to: message.id, ok: true, value: "00ff416c" });
    const [file] = await Promise.all([page.waitForEvent("download"), ask()]);
    assert.equal(file.suggestedFilename(), "shopd.0x55d0c0000010.bin");
    assert.deepEqual([...readFileSync(await file.path())], [0, 255, 0x41, 0x6c]);
    const { type, source, address, bytes } = server.said.at(-1);
    assert.deepEqual([type, source, address, bytes], ["dump", 1, "0x55d0c0000010", 4]);
    server.onSay = (message) => server.tell({ type: "answer", to: message.id, ok: false, error: "bytes of memory are told only to who knows a token" });
    await ask();
    await shows(page, /bytes of memory are told only to who knows a token\./, ".deed");
    await page.click('summary:has-text("Dump")');
    await page.fill('.menu [placeholder="0x7f00"]', "7f00");
    const before = server.said.length;
    await page.keyboard.press("Enter");
    assert.equal(await page.$eval('.menu [placeholder="0x7f00"]', (field) => field.validity.valid), false);
    assert.equal(server.said.length, before);
    await end(page, server);
}

export async function live_line_that_is_gone_is_not_live(browser) {
    const since = Date.UTC(2026, 10, 21, 14, 3, 12);
    const server = await serve([BOARD]);
    const page = await browser.visit(server.address);
    await shows(page, /^Live/, ".livebar");
    server.tell({ type: "hello", sources: [{ ...BOARD, state: "gone", why: "The other end closed it.", since_unix_ns: since * 1e6, can: [] }] });
    const clock = await page.evaluate((at) => new Date(at).toLocaleTimeString(), since);
    await shows(page, new RegExp(`^Gone\\s*since ${clock}`), ".livebar");
    await shows(page, new RegExp(`The line is gone since ${clock}\\.[\\s\\S]*The other end closed it`));
    assert.ok(await page.$(".page.stale"));
    assert.equal(await page.$eval(".states [aria-current]", (each) => each.className), "idle");
    server.tell({ type: "hello", sources: [{ ...BOARD, state: "reading" }] });
    server.tell(beatOf(BOARD.id, 30, { behind_ns: 1.8e9 }));
    await shows(page, /^Reading\s*1\.80 s behind/, ".livebar");
    server.tell({ type: "hello", sources: [BOARD] });
    await page.waitForSelector(".page:not(.stale)");
    await shows(page, /^Live/, ".livebar");
    await end(page, server);
}
