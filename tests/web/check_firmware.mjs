// check_firmware: what a firmware tells has views of its own: faults with their story, regions with course and map, stacks; a program without it has none of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTILE, makeReport, web } from "./sample.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const TABS = ["faults", "regions", "tasks", "placement", "pools", "alerts"];

const column = (name, kind, unit = "") => ({ name, kind, title: name, unit, about: `what ${name} is` });
const table = (name, shape, columns, rows) => ({ name, title: name, about: "what it is", shape, note: "", columns, rows });

/** The tables of a firmware beside those of a report; `name` is what its texts are. */
function withFirmware(report, name = "DRAM") {
    const [stack, other] = report.sites.stack;
    const region = { heap: 1, name, kind: "internal", size_bytes: 65536, used_bytes: 64000, used_share: 0.97, free_bytes: 1536, largest_free_bytes: 1024, fragmentation: 1 / 3,
        least_free_bytes: 512, refused: 2, process: 1, read_rate: 240000, random_read_rate: 4000 };
    const columns = (row, kinds) => Object.keys(row).map((each) => column(each, kinds[each] ?? (typeof row[each] === "string" ? "text" : /bytes/.test(each) ? "bytes" : "count")));
    const line = (second, used) => ({ time_ns: second * 1e9, heap: 1, name, used_bytes: used, free_bytes: 65536 - used, largest_free_bytes: 1024, process: 1 });
    const stretch = (start, bytes, state) => ({ start: `0x${start.toString(16)}`, end: `0x${(start + bytes).toString(16)}`, bytes, state, live_bytes: state === "used" ? bytes : 0, heap: 1, process: 1 });
    const fault = { fault: "overflow", time_ns: 9e9, task: name, block: "0x20001000", block_bytes: 20, first_bad: 20, bad_bytes: 1, guess: "string terminator", found_by: "free",
        address: "0x20001000", around: "00beba", heap: 1, age_ns: 5e6, stack, free_stack: 0, found_stack: other };
    const task = { task: 1, name, stack_bytes: 3072, most_used_bytes: 3000, left_bytes: 72, used_share: 0.98, level: "critical", canary: "broken" };
    const place = { stack, advice: "to external", why: "large", saving_bytes: 24576, at_peak_bytes: 24576 };
    const kinds = { time_ns: "time", used_share: "ratio", fragmentation: "ratio", start: "address", end: "address", block: "address", address: "address", first_bad: "signed_count",
        age_ns: "duration", stack: "stack", free_stack: "stack", found_stack: "stack" };
    const of = (at, shape, rows) => table(at, shape, columns(rows[0], kinds), rows);
    const tables = [of("faults", "rows", [fault]), of("alerts", "rows", [{ level: "warn", time_ns: 1e9, rule: "stack left", value: 72, threshold: 128, text: name }]),
        of("tasks", "rows", [task]), of("regions", "rows", [region]), of("region_timeline", "series", [line(0, 1000), line(1, 32000), line(2, 64000)]),
        of("region_map", "map", [stretch(0x20000000, 64000, "used"), stretch(0x2000fa00, 1536, "free")]), of("placement", "rows", [place]),
        of("pools", "rows", [{ heap: 2, name, block_bytes: 64, blocks: 8, used: 7, peak: 8, refused: 1 }])];
    const map = { table: "heap_map", cell_bytes: 1024, first: [0, 1, 3], process: [1], skip: [0x20000000 / 1024, 0x20000000 / 1024, 8], cells: [20, 4, 40], live_bytes: [20480, 4096, 40960] };
    return { ...report, tables: [...report.tables, ...tables], moments: { time_ns: [5e9, 9e9], maps: [map] } };
}

const plain = makeReport({ sites: 300 });
const report = withFirmware(plain);
const tabsOf = (page) => page.$$eval(".nav a", (links) => links.map((link) => link.getAttribute("href").slice(2).split("?")[0]));
const textOf = (page) => page.$eval("main", (main) => main.innerText);

async function go(page, hash) {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

export async function firmware_views_are_only_there_with_rows(browser) {
    const without = await browser.open({ ...plain, tables: [...plain.tables, ...report.tables.slice(plain.tables.length).map((each) => ({ ...each, rows: [] }))] });
    const tabs = await tabsOf(without);
    assert.deepEqual(TABS.filter((tab) => tabs.includes(tab)), []);
    assert.deepEqual(tabs.filter((tab) => /^region/.test(tab)), []);
    await without.context().close();
    const page = await browser.open(report);
    const shown = await tabsOf(page);
    assert.deepEqual(TABS.filter((tab) => !shown.includes(tab)), []);
    assert.match(await textOf(page), /Stacks[\s\S]*72 B left/);
    await page.context().close();
}

export async function firmware_faults_have_their_story(browser) {
    const page = await browser.open(report, { hash: "#/faults" });
    const story = await page.$eval(".fault", (card) => card.innerText);
    assert.match(story, /overflow/i);
    assert.match(story, /1 byte from offset 20 of a block of 20 B at 0x20001000; 5(\.00)? ms old; it looks like: string terminator/);
    assert.match(story, /00 be ba/);
    assert.match(story, /Allocated by[\s\S]*Found in/);
    assert.ok(!/Freed by/.test(story));
    const [block, bad] = await page.$$eval(".strip span", (spans) => spans.map((span) => span.getBoundingClientRect().toJSON()));
    assert.ok(Math.abs(bad.left - block.right) < 1 && Math.abs(block.width / bad.width - 20) < 0.5);
    await page.click(".fault .story button");
    assert.ok(await page.$(".detail"));
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function firmware_regions_have_course_and_map(browser) {
    const page = await browser.open(report, { hash: "#/regions" });
    assert.match(await textOf(page), /DRAM, internal[\s\S]*62\.5 KiB used · 1\.50 KiB free, at most 1\.00 KiB of it in one piece · fragmentation 33\.3 % · 2 refused/);
    assert.ok(await page.$(".region .uplot") && await page.$(".region .map canvas"));
    const pixels = () => page.$eval(".region .map canvas", (canvas) => canvas.toDataURL());
    const seen = [await pixels()];
    await page.focus(".time-slider input");
    for (const key of ["Home", "ArrowRight"]) {
        await page.keyboard.press(key);
        await page.waitForFunction((before) => !before.includes(document.querySelector(".region .map canvas").toDataURL()), seen);
        seen.push(await pixels());
    }
    assert.match(await page.$eval(".region .map-legend", (legend) => legend.innerText), /in 2 stretches/);
    await go(page, "#/tasks");
    assert.match(await textOf(page), /broken/);
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function firmware_views_are_accessible_and_fit(browser) {
    for (const [scheme, width] of [["light", 1280], ["dark", 390]]) {
        const page = await browser.open(report, { scheme, width });
        await page.evaluate(axe);
        for (const tab of ["overview", ...TABS]) {
            await go(page, `#/${tab}`);
            const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
            assert.deepEqual(result.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 160)}`), [], `${scheme} ${tab}`);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${tab} is wider than a screen of ${width}`);
        }
        assert.deepEqual(page.faults, []);
        await page.context().close();
    }
}

export async function firmware_hostile_names_are_only_text(browser) {
    const page = await browser.open(withFirmware(plain, HOSTILE[0]));
    for (const tab of ["overview", ...TABS])
        await go(page, `#/${tab}`);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.$("img"), null);
    assert.deepEqual(page.faults, []);
    await page.context().close();
}
