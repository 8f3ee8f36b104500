// check_tables: what the tables say is what the document says: order, filter, sums, selected time, downloads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { makeReport } from "./sample.mjs";

const report = makeReport({ sites: 3000 });
const SITES = "#/sites";

const exact = (text) => Number(text.replace(/[^\d\u2212]/g, "").replace("\u2212", "-"));
const sumShown = (page, column) => page.$eval(`[data-sum="${column}"]`, (each) => each.title).then(exact);
const firstName = (page) => page.$eval("tbody tr[aria-rowindex] .fn", (each) => each.textContent);
const rowCount = (page) => page.$eval("table", (each) => Number(each.getAttribute("aria-rowcount")) - 1);
const sum = (values) => values.reduce((a, b) => a + b, 0);

async function settle(page) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function save(page, kind) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[aria-label="Download as ${kind}"]`)]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

function ownName(place) {
    for (let at = place; at > 0; at = report.stacks.parent[at])
        if (report.frames[report.stacks.frame[at]].role === "program")
            return report.frames[report.stacks.frame[at]].function;
    return null;
}

export async function tables_sort_by_a_click(browser) {
    const page = await browser.open(report, { hash: SITES });
    await page.click('th button:has-text("allocations")');
    await settle(page);
    const largest = report.sites.allocated_count.indexOf(Math.max(...report.sites.allocated_count));
    assert.equal(await firstName(page), ownName(report.sites.stack[largest]));
    await page.click('th button:has-text("allocations")');
    await settle(page);
    assert.equal(await page.$eval('th[aria-sort="ascending"] button', (each) => each.textContent), "Allocations");
    const smallest = Math.min(...report.sites.allocated_count);
    const cell = await page.$eval("tbody tr[aria-rowindex]", (row) => row.querySelectorAll("td")[3].textContent);
    assert.equal(exact(cell), smallest);
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function tables_hold_only_rows_in_sight(browser) {
    const page = await browser.open(report, { hash: SITES });
    assert.equal(await rowCount(page), 3000);
    assert.ok(await page.$$eval("tbody tr[aria-rowindex]", (rows) => rows.length) < 80);
    await page.$eval(".grid", (each) => { each.scrollTop = each.scrollHeight; });
    await settle(page);
    assert.equal(await page.$$eval("tbody tr[aria-rowindex]", (rows) => Number(rows.at(-1).getAttribute("aria-rowindex"))), 3001);
    await page.context().close();
}

export async function tables_filter_by_any_frame(browser) {
    const page = await browser.open(report, { hash: SITES });
    await page.fill("[data-search]", "SHOP::DB::FLUSH_");
    await settle(page);
    const hit = report.stacks.parent.map(() => false);
    report.stacks.parent.forEach((parent, i) => { hit[i] = i > 0 && (report.frames[report.stacks.frame[i]].function.includes("shop::db::flush_") || (parent > 0 && hit[parent])); });
    const places = report.sites.stack.map((_, i) => i).filter((i) => hit[report.sites.stack[i]]);
    assert.ok(places.length > 10 && places.length < 3000);
    assert.equal(await rowCount(page), places.length);
    assert.equal(await sumShown(page, "allocated_bytes"), sum(places.map((i) => report.sites.allocated_bytes[i])));
    await page.context().close();
}

export async function tables_of_a_range_add_up_to_its_slices(browser) {
    for (const [from, to] of [[0, 1], [10, 35], [80, 96]]) {
        const page = await browser.open(report, { hash: `${SITES}?range=${from}-${to}` });
        const slices = report.slices;
        const allocated = sum(slices.allocated_bytes.slice(from, to)), freed = sum(slices.freed_bytes.slice(from, to));
        assert.equal(await sumShown(page, "allocated_bytes"), allocated);
        assert.equal(await sumShown(page, "freed_bytes"), freed);
        assert.equal(await sumShown(page, "growth_bytes"), allocated - freed);
        assert.equal(allocated - freed, slices.live_bytes[to - 1] - (from > 0 ? slices.live_bytes[from - 1] : 0));
        for (const tab of ["threads", "sizes"]) {
            await page.evaluate((hash) => { location.hash = hash; }, `#/${tab}?range=${from}-${to}`);
            await page.waitForFunction((title) => document.querySelector("main h1")?.textContent === title, tab === "threads" ? "Threads" : "Sizes");
            assert.equal(await sumShown(page, "allocated_bytes"), allocated, tab);
        }
        assert.deepEqual(page.faults, []);
        await page.context().close();
    }
}

export async function tables_of_the_whole_range_are_those_of_no_range(browser) {
    const page = await browser.open(report, { hash: `${SITES}?range=0-96` });
    assert.equal(await sumShown(page, "leaked_bytes"), sum(report.sites.leaked_bytes));
    assert.ok(await page.$('[data-sum="peak_bytes"]'));
    await page.context().close();
}

export async function tables_download_what_is_shown(browser) {
    const page = await browser.open(report, { hash: `#/leaks?q=json_&sort=count.down` });
    const leaks = report.tables.find((table) => table.name === "leaks").rows;
    const csv = await save(page, "CSV");
    assert.equal(csv.name, "shopd.4711.leaks.csv");
    const lines = csv.text.split("\r\n");
    assert.match(lines[0], /^stack,bytes,count,share,/);
    assert.equal(lines.length - 2, await rowCount(page));
    const counts = lines.slice(1, -1).map((line) => Number(line.split(",")[2]));
    assert.deepEqual(counts, [...counts].sort((a, b) => b - a));
    assert.ok(lines.slice(1, -1).every((line) => line.includes("json_") && line.split(",")[0].endsWith(";_start")));
    const json = JSON.parse((await save(page, "JSON")).text);
    assert.equal(json.rows.length, counts.length);
    assert.equal(sum(json.rows.map((row) => row.bytes)), await sumShown(page, "bytes"));
    assert.ok(leaks.some((row) => row.bytes === json.rows[0].bytes && row.count === json.rows[0].count));
    const svg = (await save(page, "SVG")).text;
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" role="img"[^>]*><title>/);
    const fault = await page.evaluate((text) => new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror")?.textContent ?? "", svg);
    assert.equal(fault, "");
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

/** Bars stand in the column that a table came ordered by, until it is sorted by another one. */
export async function tables_have_bars_where_they_are_ordered(browser) {
    const page = await browser.open(report, { hash: "#/usable" });
    const barred = () => page.$eval("tbody tr[aria-rowindex]", (row) => [...row.children].findIndex((cell) => cell.querySelector(".meter")))
        .then((at) => page.$eval(`th:nth-child(${at + 1}) button`, (button) => button.textContent));
    assert.equal(await barred(), "waste");
    await page.evaluate(() => { location.hash = "#/temporary"; });
    await page.waitForFunction(() => document.querySelector("main h1")?.textContent === "Temporary");
    assert.equal(await barred(), "blocks");
    await page.click('th button:has-text("bytes")');
    await settle(page);
    assert.equal(await barred(), "bytes");
    await page.context().close();
}

export async function tables_of_what_is_saved_have_no_sums(browser) {
    const columns = [["advice", "text"], ["saved_bytes", "signed_bytes"], ["calls_saved", "signed_count"]].map(([name, kind]) => ({ name, title: name, kind, unit: "", about: "" }));
    const advice = { name: "advice", title: "Advice", about: "", shape: "rows", note: "", columns, rows: [{ advice: "keep the buffer", saved_bytes: 8192, calls_saved: 100 }, { advice: "a pool", saved_bytes: 4096, calls_saved: -7 }] };
    const page = await browser.open({ ...report, tables: [...report.tables, advice] }, { hash: "#/advice" });
    await page.waitForSelector('tbody :text("keep the buffer")');
    assert.deepEqual(await page.$$eval("th .sum", (each) => each.length), 0);
    assert.deepEqual(await page.$$eval(".meter span", (each) => each.map((one) => one.className)), ["less", "less"]);
    await page.context().close();
}
