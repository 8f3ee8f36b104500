// check_states: hostile names, and documents that are empty, cut, damaged, sampled, incomplete, or come with an earlier one.
import assert from "node:assert/strict";
import { gzipSync, deflateSync } from "node:zlib";
import { HOSTILE, makeEmpty, makeReport, withBefore } from "./sample.mjs";

const textOf = (page) => page.$eval("body", (body) => body.innerText);

async function go(page, hash) {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

export async function states_hostile_names_are_only_text(browser) {
    const report = makeReport({ sites: 400, hostile: true });
    Object.assign(report.trace, { command: HOSTILE[1], path: `../../${HOSTILE[0]}` });
    Object.assign(report, { complete: false, problem: HOSTILE[0], notes: HOSTILE });
    report.health.summary = HOSTILE;
    Object.assign(report.health.findings[0], { title: HOSTILE[0], evidence: HOSTILE[1], recommendation: HOSTILE[8] });
    const page = await browser.open(report);
    const tabs = await page.$$eval(".nav a", (links) => links.map((link) => link.getAttribute("href").slice(2).split("?")[0]));
    for (const tab of [...tabs, ...report.sites.stack.slice(0, 12).map((stack) => `sites?stack=${stack}`)])
        await go(page, `#/${tab}`);
    await go(page, "#/sites?q=evil");
    assert.match(await page.$eval("tbody", (body) => body.textContent), /\ufffdevil\ufffd/);
    await go(page, "#/sites?q=onerror");
    assert.equal(await page.$eval("[data-search]", (field) => field.value), "onerror");
    assert.ok(await page.$$eval("tbody tr[aria-rowindex]", (rows) => rows.length) > 0);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click('[aria-label="Download as CSV"]')]);
    assert.match(download.suggestedFilename(), /^[\w.-]+$/);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.$("img"), null);
    assert.ok((await textOf(page)).includes(HOSTILE[0]));
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function states_hostile_address_is_harmless(browser) {
    const page = await browser.open(makeReport({ sites: 50 }), { hash: "#/__proto__?sort=constructor.down&range=9-1&stack=99999999&zoom=1.x.99999999&metric=toString&q=%3Cimg%20src=x%3E" });
    assert.ok(await page.$(".view"));
    await go(page, "#/sites?stack=99999999&range=500-900&sort=__proto__.down");
    assert.ok(await page.$(".view"));
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function states_nothing_recorded_says_so(browser) {
    const page = await browser.open(makeEmpty());
    assert.match(await textOf(page), /Nothing was recorded/);
    const tabs = await page.$$eval(".nav a", (links) => links.map((link) => link.getAttribute("href").slice(2).split("?")[0]));
    for (const tab of tabs)
        await go(page, `#/${tab}`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function states_incomplete_trace_says_why(browser) {
    const page = await browser.open({ ...makeReport({ sites: 40 }), complete: false, problem: "the file ends in the middle of block 17." });
    assert.match(await textOf(page), /could not be read to its end.*block 17/s);
    await page.context().close();
}

export async function states_sampled_figures_are_estimates(browser) {
    const report = makeReport({ sites: 40, sampled: true });
    const summary = report.tables.find((table) => table.name === "summary").rows[0];
    Object.assign(summary, { peak_low_bytes: summary.peak_bytes * 0.9, peak_high_bytes: summary.peak_bytes * 1.12 });
    const page = await browser.open(report);
    assert.match(await textOf(page), /figures are estimates ±/);
    assert.match(await page.$eval(".tile.peak", (tile) => tile.innerText), /estimate ± 12\.0\s%/);
    await page.context().close();
}

export async function states_damaged_data_says_what(browser) {
    const packed = gzipSync(JSON.stringify(makeReport({ sites: 40 }))).toString("base64");
    const cases = [
        [packed.slice(0, packed.length / 2 & ~3), /cannot be unpacked; the file may be cut/], ["%%%", /no base64/], ["", /holds no data/],
        [gzipSync("[1, 2").toString("base64"), /is no JSON/], [gzipSync('{"schema": "heaptracer.report/9"}').toString("base64"), /version 9; this page reads version 1/],
        [gzipSync("[]").toString("base64"), /not a JSON object/],
        [gzipSync('{"schema": "heaptracer.report/1", "stacks": {"parent": [-1, 2, 1], "frame": [0, 0, 0]}}').toString("base64"), /stands before its caller/],
    ];
    for (const [data, told] of cases) {
        const page = await browser.open(data);
        await page.waitForSelector("[role=alert]");
        assert.match(await textOf(page), told);
        await page.context().close();
    }
}

export async function states_feed_replaces_members(browser) {
    const page = await browser.open(makeReport({ sites: 200, seed: 1 }), { hash: "#/sites?q=shop" });
    const later = makeReport({ sites: 250, seed: 2 });
    await page.evaluate((members) => window.heaptracer.patch(members), { sites: later.sites, stacks: later.stacks, frames: later.frames, slices: later.slices });
    await go(page, "#/sites");
    const shown = await page.$eval('[data-sum="allocated_bytes"]', (each) => Number(each.title.replace(/\D/g, "")));
    assert.equal(shown, later.sites.allocated_bytes.reduce((a, b) => a + b, 0));
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function states_zlib_data_is_read_too(browser) {
    const page = await browser.open(deflateSync(JSON.stringify(makeReport({ sites: 40 }))).toString("base64"));
    await page.waitForSelector(".view");
    await page.context().close();
}

export async function states_earlier_recording_is_compared(browser) {
    const report = withBefore(makeReport({ sites: 200 }));
    const page = await browser.open(report, { hash: "#/sites" });
    const change = await page.$eval('[data-sum="change_bytes"]', (each) => each.title.replace(/\D/g, ""));
    const sum = (values) => values.reduce((a, b) => a + b, 0);
    assert.equal(Number(change), sum(report.sites.leaked_bytes) - sum(report.before.sites.leaked_bytes));
    await go(page, "#/flame");
    assert.match(await textOf(page), /Red frames grew/);
    const [leaks] = report.before.changes.slice(1);
    await page.click('.nav a:has-text("Changes")');
    await page.waitForSelector(".amounts");
    assert.match(await page.$eval(".amounts", (table) => table.innerText), /Peak\s+1\.00 MiB\s+1\.50 MiB\s+\+512 KiB/);
    assert.equal(await page.$eval("table[role=grid]", (table) => Number(table.getAttribute("aria-rowcount")) - 1), leaks.rows.length);
    assert.equal(await page.$eval('[data-sum="bytes_change"]', (each) => Number(each.title.replace(/[^\d\u2212]/g, "").replace("\u2212", "-"))), sum(leaks.rows.map((row) => row.bytes_change)));
    assert.ok(await page.$(".grid .meter .more") && await page.$(".grid .meter .less"));
    await page.selectOption("select", "threads");
    assert.match(await page.evaluate(() => location.hash), /changes=threads/);
    assert.match(await page.$eval(".grid tbody", (body) => body.innerText), /worker\s+shrank/);
    await page.fill("[data-search]", "main");
    assert.match(await page.$eval(".grid", (body) => body.innerText), /None of 1 row matches/);
    assert.deepEqual(page.faults, []);
    await page.context().close();
}
