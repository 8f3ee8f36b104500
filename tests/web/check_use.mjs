// check_use: the page by keyboard, by address, by screen reader, on a small screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeReport, web, withBefore } from "./sample.mjs";

const report = makeReport({ sites: 600 });
const compared = withBefore(report);
const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");

async function settle(page) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

const tabsOf = (page) => page.$$eval(".nav a", (links) => links.map((link) => link.getAttribute("href").slice(2).split("?")[0]));
const titleOf = (page) => page.$eval("main h1", (each) => each.textContent);

async function go(page, hash) {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await settle(page);
}

async function axeFaults(page) {
    const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return result.violations.map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary?.split("\n")[1] ?? ""}`).join(" | ")}`);
}

async function auditAll(browser, scheme) {
    const page = await browser.open(compared, { scheme });
    await page.evaluate(axe);
    for (const tab of [...await tabsOf(page), `sites?stack=${report.sites.stack[3]}&range=10-40`, "flame?as=table", "timeline?as=table"]) {
        await go(page, `#/${tab}`);
        assert.deepEqual(await axeFaults(page), [], `${scheme} ${tab}`);
    }
    await page.keyboard.press("?");
    assert.deepEqual(await axeFaults(page), [], `${scheme} help`);
    await page.context().close();
}

export async function use_is_accessible_in_light(browser) {
    await auditAll(browser, "light");
}

export async function use_is_accessible_in_dark(browser) {
    await auditAll(browser, "dark");
}

export async function use_fits_a_phone(browser) {
    const page = await browser.open(compared, { width: 320, height: 640 });
    for (const tab of [...await tabsOf(page), `sites?stack=${report.sites.stack[3]}`]) {
        await go(page, `#/${tab}`);
        const wide = await page.evaluate(() => [document.documentElement, document.querySelector("main"), document.querySelector(".detail"), ...document.querySelectorAll(".tile-value")]
            .filter((each) => each && each.scrollWidth > each.clientWidth).map((each) => `${each.tagName} ${each.scrollWidth} > ${each.clientWidth}`));
        assert.deepEqual(wide, [], tab);
    }
    assert.deepEqual(page.faults, []);
    await page.click(".menu-button");
    await page.click('.nav a:has-text("Hotspots")');
    assert.equal(await titleOf(page), "Hotspots");
    assert.equal(await page.isVisible(".nav"), false);
    await page.context().close();
}

export async function use_keys_reach_everything(browser) {
    const page = await browser.open(report);
    await page.keyboard.press("4");
    assert.equal(await titleOf(page), "All sites");
    await page.keyboard.press("/");
    await page.keyboard.type("shop");
    assert.match(await page.evaluate(() => location.hash), /q=shop/);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.focus("table[role=grid]");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.$eval("[aria-selected=true]", (row) => row.getAttribute("aria-rowindex")), "3");
    assert.equal(await page.$eval("table", (table) => document.getElementById(table.getAttribute("aria-activedescendant"))?.getAttribute("aria-rowindex")), "3");
    await page.keyboard.press("End");
    await settle(page);
    assert.equal(await page.$eval("[aria-selected=true]", (row) => row.getAttribute("aria-rowindex")), "601");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".detail");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".detail", { state: "detached" });
    await page.keyboard.press("]");
    assert.equal(await titleOf(page), "Modules");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    await page.focus('[role=slider][aria-label="Begin of the range"]');
    await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowRight");
    assert.match(await page.evaluate(() => location.hash), /range=11-96/);
    await page.context().close();
}

export async function use_flame_is_walked_by_keys(browser) {
    const page = await browser.open(report, { hash: "#/flame?metric=allocated" });
    await page.focus("canvas[role=application]");
    await page.keyboard.press("ArrowDown");
    assert.match(await page.$eval(".flame-view .canvas [role=status]", (each) => each.textContent), /^main: .* 100 % of all$/);
    await page.keyboard.press("ArrowDown");
    const below = await page.$eval(".flame-view .canvas [role=status]", (each) => each.textContent.split(": ")[0]);
    await page.keyboard.press("Enter");
    await settle(page);
    assert.equal(await page.$eval(".crumbs [aria-current]", (each) => each.textContent), below);
    assert.match(await page.evaluate(() => location.hash), /zoom=\d+\.\d+/);
    await page.keyboard.press("Escape");
    await settle(page);
    assert.doesNotMatch(await page.evaluate(() => location.hash), /zoom/);
    await page.goBack();
    assert.match(await page.evaluate(() => location.hash), /zoom=\d+\.\d+/);
    await page.context().close();
}

export async function use_flame_as_table_tells_the_same(browser) {
    const page = await browser.open(report, { hash: "#/flame?metric=allocated&as=table" });
    const total = report.sites.allocated_bytes.reduce((a, b) => a + b, 0);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click('[aria-label="Download as JSON"]')]);
    const { rows } = JSON.parse(readFileSync(await download.path(), "utf8"));
    assert.equal(rows[0].total, total);
    const level = (depth) => rows.filter((row) => row.depth === depth).reduce((sum, row) => sum + row.total, 0);
    assert.equal(level(1), total);
    assert.ok(level(2) > total * 0.98 && level(2) <= total);
    await go(page, "#/flame?metric=allocated&as=table&inverted=1");
    const [inverted] = await Promise.all([page.waitForEvent("download"), page.click('[aria-label="Download as JSON"]')]);
    const above = JSON.parse(readFileSync(await inverted.path(), "utf8")).rows;
    assert.equal(above[0].total, total);
    const leaves = above.filter((row) => row.depth === 1).reduce((sum, row) => sum + row.total, 0);
    assert.ok(leaves > total * 0.97 && leaves <= total, `${leaves} of ${total}`);
    await page.context().close();
}

export async function use_address_keeps_the_view(browser) {
    const hash = "#/flame?q=json&range=12-60&metric=allocated&by=count&inverted=1&frames=all&zoom=7.9";
    const page = await browser.open(report, { hash });
    await settle(page);
    assert.equal(await page.evaluate(() => location.hash), hash);
    assert.equal(await page.$eval('.choice [aria-pressed=true]', (each) => each.textContent), "Allocated");
    assert.equal(await page.inputValue("[data-search]"), "json");
    assert.match(await page.$eval(".scrub-told strong", (each) => each.textContent), /^3\.000 s – 15\.00 s$/);
    await page.click('.choice button:has-text("Bytes")');
    assert.equal(await page.evaluate(() => location.hash), hash.replace("&by=count", ""));
    await page.click('.choice button:has-text("Blocks")');
    assert.equal(await page.evaluate(() => location.hash), hash);
    await page.goBack();
    await page.goBack();
    assert.equal(await page.$eval('.choice:nth-of-type(2) [aria-pressed=true]', (each) => each.textContent), "Blocks");
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function use_columns_are_chosen(browser) {
    const page = await browser.open(report, { hash: "#/hotspots" });
    const titles = () => page.$$eval("th button", (heads) => heads.map((head) => head.textContent));
    const whole = await titles();
    await page.click(".picker summary");
    await page.click('.picker label:has-text("frees")');
    assert.deepEqual(await titles(), whole.filter((title) => title !== "frees"));
    assert.match(await page.evaluate(() => location.hash), /columns=stack\.allocated_bytes\./);
    assert.match(await page.$eval(".picker summary", (each) => each.innerText), /7 of 8/);
    assert.equal(await page.isDisabled('.picker label:has-text("allocated by") input'), true);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click('[aria-label="Download as CSV"]')]);
    assert.doesNotMatch(readFileSync(await download.path(), "utf8").split("\r\n")[0], /frees/);
    await page.reload();
    await page.waitForSelector(".view");
    assert.equal((await titles()).length, whole.length - 1);
    await page.click(".picker summary");
    await page.keyboard.press("Escape");
    assert.equal(await page.$eval(".picker", (each) => each.open), false);
    await page.click(".picker summary");
    await page.click('.picker button:has-text("Usual ones")');
    assert.deepEqual(await titles(), whole);
    await page.evaluate(() => { location.hash = "#/hotspots?columns=stack.live_bytes"; });
    await settle(page);
    assert.equal((await titles()).length, 2);
    await page.click('.nav a:has-text("At peak")');
    await settle(page);
    assert.doesNotMatch(await page.evaluate(() => location.hash), /columns/);
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export async function use_drag_selects_a_time(browser) {
    const page = await browser.open(report, { hash: "#/hotspots" });
    const box = await (await page.$(".scrub-area")).boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20, { steps: 4 });
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
    await page.mouse.up();
    await settle(page);
    assert.match(await page.evaluate(() => location.hash), /range=2[34]-4[89]/);
    assert.equal(await page.$eval('th[aria-sort="descending"] button', (each) => each.textContent), "Allocated");
    await page.click('button:has-text("Whole recording")');
    assert.doesNotMatch(await page.evaluate(() => location.hash), /range/);
    await page.context().close();
}

export async function use_theme_is_a_choice(browser) {
    const page = await browser.open(report, { scheme: "dark" });
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), "dark");
    await page.click('[aria-label="Theme: auto"]');
    assert.equal(await theme(), "light");
    await page.reload();
    await page.waitForSelector(".view");
    assert.equal(await theme(), "light");
    await page.context().close();
}
