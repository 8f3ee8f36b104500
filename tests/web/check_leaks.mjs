// check_leaks: what a look at a process found has a view of its own: the classes, each leak with its evidence and its chain; a recording without a look has none.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTILE, makeReport, web } from "./sample.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const plain = makeReport({ sites: 300 });
const KINDS = { stack: "stack", class: "text", bytes: "bytes", count: "count", retained_bytes: "bytes", retained_count: "count", pattern: "text", confidence: "ratio", evidence: "text",
    kind: "text", resource: "text", pinned_bytes: "bytes", address: "address", chain: "text" };

/** A report whose table reach has these rows; what they leave out is nothing. */
function withRows(rows) {
    const none = { stack: plain.sites.stack[0], class: "direct", bytes: 24, count: 1, retained_bytes: 0, retained_count: 0, pattern: "", confidence: 0.1, evidence: "", kind: "memory", resource: "",
        pinned_bytes: 0, address: "0x5000", chain: "" };
    const columns = Object.entries(KINDS).map(([name, kind]) => ({ name, kind, title: name, unit: "", about: `what ${name} is` }));
    const table = { name: "reach", title: "Lost blocks", about: "what was found", shape: "rows", note: "", columns, rows: rows.map((row) => ({ ...none, ...row })) };
    return { ...plain, tables: [...plain.tables, table] };
}

const ROWS = [
    { class: "direct", bytes: 2048, count: 2, retained_bytes: 1024, retained_count: 3, pattern: "thread leak", confidence: 0.97, evidence: "the threads that made them ended before" },
    { class: "indirect", bytes: 1024, count: 3, pattern: "goes with its owner", confidence: 0.85, chain: "0x4000 (24 bytes)" },
    { class: "reachable", bytes: 472, pattern: "open file", confidence: 0.6, kind: "resource", resource: "open file", chain: "libc.so.6 0x7f00 > 0x4000 (24 bytes)" },
    { class: "reachable", bytes: 4096, count: 9 },
];
const tabsOf = (page) => page.$$eval(".nav a", (links) => links.map((link) => link.getAttribute("href").slice(2).split("?")[0]));

export async function leaks_are_only_there_after_a_look(browser) {
    for (const [rows, is_there] of [[[], false], [ROWS, true]]) {
        const page = await browser.open(withRows(rows));
        assert.equal((await tabsOf(page)).includes("reach"), is_there);
        await page.context().close();
    }
}

export async function leaks_have_class_pattern_confidence_and_chain(browser) {
    const page = await browser.open(withRows(ROWS), { hash: "#/reach" });
    const classes = await page.$$eval(".classes > div", (parts) => parts.map((part) => part.innerText.replace(/\s+/g, " ")));
    assert.match(classes.join("|"), /direct 2\.00 KiB in 2 blocks.*indirect 1\.00 KiB in 3 blocks.*possible 0 B in 0 blocks.*reachable 4\.46 KiB in 10 blocks/i);
    const cards = await page.$$eval(".lost", (items) => items.map((item) => item.innerText.replace(/\s+/g, " ")));
    assert.equal(cards.length, 2);
    assert.match(cards[0], /Critical thread leak direct 97\.0 % sure 2\.00 KiB in 2 blocks, and with them 1\.00 KiB in 3 blocks; the threads that made them ended before\./i);
    assert.match(cards[1], /Warning open file reachable 60\.0 % sure/i);
    assert.deepEqual(await page.$$eval(".chain li", (links) => links.map((link) => link.textContent)), ["libc.so.6 0x7f00", "0x4000 (24 bytes)", "0x5000"]);
    assert.match(await page.$eval("main", (main) => main.innerText), /4 rows/);
    await page.click(".lost .story button");
    assert.ok(await page.$(".detail"));
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function leaks_are_told_when_there_are_none_or_many(browser) {
    const none = await browser.open(withRows([ROWS[3]]), { hash: "#/reach" });
    assert.match(await none.$eval("main", (main) => main.innerText), /No call stack lost blocks/);
    await none.context().close();
    const many = await browser.open(withRows(Array.from({ length: 45 }, () => ROWS[0])), { hash: "#/reach" });
    assert.equal((await many.$$(".lost")).length, 30);
    assert.match(await many.$eval("main", (main) => main.innerText), /The 30 surest of 45/);
    await many.context().close();
}

export async function leaks_are_accessible_and_fit_and_are_only_text(browser) {
    for (const [scheme, width] of [["light", 1280], ["dark", 390]]) {
        const page = await browser.open(withRows([...ROWS, { ...ROWS[0], pattern: HOSTILE[0], evidence: HOSTILE[1], chain: `${HOSTILE[4]} > ${HOSTILE[0]}` }]), { scheme, width, hash: "#/reach" });
        await page.evaluate(axe);
        const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(result.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 160)}`), [], scheme);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `wider than a screen of ${width}`);
        assert.equal(await page.evaluate(() => window.hacked), undefined);
        assert.equal(await page.$("main img"), null);
        assert.deepEqual(page.faults, []);
        await page.context().close();
    }
}
