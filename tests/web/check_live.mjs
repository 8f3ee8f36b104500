// check_live: the page of a live source, against a server whose every message is said here: graphs, alerts, commands, what is looked at, silence and breaks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BOARD, beatOf, historyOf, LiveServer, SOURCE } from "./live_server.mjs";
import { HOSTILE, makeReport, web } from "./sample.mjs";

const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const report = makeReport({ sites: 120 });
const SECONDS = Array.from({ length: 40 }, (_, i) => i / 2);

/** A server with these sources which answers a page as a real one does. */
async function serve(sources = [SOURCE], { documents = [report], token = "" } = {}) {
    const server = new LiveServer({ sources, token });
    server.onSay = (message) => {
        if (message.type !== "subscribe") {
            if (message.id)
                server.tell({ type: "answer", to: message.id, ok: true });
            return;
        }
        server.tell(historyOf(message.source, SECONDS));
        server.tell(beatOf(message.source, 20));
        if (message.documents !== false && documents.length > 0)
            server.tell({ type: "document", source: message.source, document: documents[message.source - 1] ?? documents[0] });
    };
    return server.start();
}

const textOf = (page, where = "main") => page.$eval(where, (each) => each.innerText);
const shows = (page, pattern, where = "main") => page.waitForFunction(([source, flags, selector]) => new RegExp(source, flags).test(document.querySelector(selector)?.innerText ?? ""), [pattern.source, pattern.flags, where]);

async function end(page, server) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
    await server.stop();
}

const EARLIER = 4;

/** The same run as another document has it: other numbers for all stacks, frames and slices. */
function laterDocument() {
    const later = makeReport({ sites: 120 });
    const shift = (at) => at > 0 ? at + 2 : at;
    later.frames = [{ ...later.frames[0], function: "elsewhere" }, ...later.frames];
    later.stacks = { parent: [-1, 0, 1, ...later.stacks.parent.slice(1).map(shift)], frame: [0, 0, 0, ...later.stacks.frame.slice(1).map((at) => at + 1)] };
    later.sites.stack = later.sites.stack.map(shift);
    for (const table of later.tables)
        for (const { name } of table.columns.filter((column) => column.kind === "stack"))
            for (const row of table.rows)
                row[name] = shift(row[name]);
    const { slices } = later;
    slices.begin_ns -= EARLIER * slices.width_ns;
    slices.count += EARLIER;
    for (const cells of [slices.sites, slices.threads, slices.sizes])
        cells.slice = cells.slice.map((slice) => slice + EARLIER);
    for (const name of Object.keys(slices).filter((each) => /_(bytes|count)$/.test(each)))
        slices[name] = [...Array(EARLIER).fill(0), ...slices[name]];
    return later;
}

export async function live_first_screen_tells_health_growth_and_who(browser) {
    const server = await serve();
    const page = await browser.visit(server.address);
    await shows(page, /Needs attention[\s\S]*In use[\s\S]*28\.0 MiB[\s\S]*\+1\.00 MiB\/s[\s\S]*Who grew/);
    assert.equal((await page.$$(".live-charts canvas")).length, 4);
    assert.equal(await page.$eval(".states [aria-current]", (each) => each.innerText.split("\n")[0]), "Tracking");
    server.tell(beatOf(1, 21, { dropped: 12 }));
    await shows(page, /reads slower than the server tells[\s\S]*12 messages[\s\S]*29\.0 MiB/);
    await shows(page, /12 messages left out/, ".livebar");
    server.tell({ type: "alert", source: 1, rule: "heap grows", state: "firing", level: "critical", text: "growth is 1 MiB/s", time_ns: 20e9 });
    await shows(page, /Alerting/, ".states [aria-current]");
    await shows(page, /1 rule fires now[\s\S]*Critical\s+heap grows\s+since 20/);
    server.tell({ type: "alert", source: 1, rule: "heap grows", state: "ended", level: "critical", text: "", time_ns: 21e9 });
    await shows(page, /Over\s+heap grows\s+20\.00 s – 21\.00 s/);
    server.tell({ type: "hello", sources: [{ ...SOURCE, state: "ended", can: [] }] });
    await shows(page, /The run is over/);
    assert.equal(await page.$eval(".states [aria-current]", (each) => each.className), "reporting");
    await end(page, server);
}

export async function live_document_keeps_the_place(browser) {
    const server = await serve();
    const stack = report.sites.stack[5];
    const page = await browser.visit(server.address + "#/sites");
    await page.waitForSelector("tbody tr[aria-rowindex]");
    await page.fill("[data-search]", "main");
    await page.evaluate((at) => { location.hash += `&range=10-40&sort=allocated_bytes.down&stack=${at}`; }, stack);
    await page.waitForSelector(".detail");
    await page.focus("table[role=grid]");
    for (let i = 0; i < 3; i++)
        await page.keyboard.press("ArrowDown");
    const before = { detail: await textOf(page, ".detail .calls"), range: await textOf(page, ".scrub-told strong"), row: await textOf(page, "[aria-selected=true] .fn") };
    server.tell({ type: "document", source: 1, document: laterDocument() });
    await page.waitForFunction(() => /range=14-44/.test(location.hash));
    assert.deepEqual({ detail: await textOf(page, ".detail .calls"), range: await textOf(page, ".scrub-told strong"), row: await textOf(page, "[aria-selected=true] .fn") }, before);
    assert.match(await page.evaluate(() => location.hash), new RegExp(`q=main.*sort=allocated_bytes.*stack=${stack + 2}`));
    await page.goBack().catch(() => undefined);
    assert.doesNotMatch(await page.evaluate(() => location.hash), /stack=\d+/);
    await end(page, server);
}

export async function live_freeze_stops_views_and_not_beats(browser) {
    const server = await serve();
    const page = await browser.visit(server.address + "#/flame");
    await page.waitForSelector(".flame-area canvas");
    await page.keyboard.press("f");
    server.tell({ type: "document", source: 1, document: { ...laterDocument(), complete: false, problem: "cut." } });
    server.tell(beatOf(1, 30));
    await shows(page, /something newer waits/, ".livebar");
    assert.doesNotMatch(await textOf(page), /could not be read to its end/);
    await page.click('.livebar button:has-text("Frozen")');
    await shows(page, /could not be read to its end/);
    await end(page, server);
}

export async function live_commands_go_back_with_their_answer(browser) {
    const server = await serve();
    const page = await browser.visit(server.address);
    await page.waitForSelector(".live-charts canvas");
    await page.keyboard.press("m");
    await page.keyboard.type("before load");
    await page.keyboard.press("Enter");
    await shows(page, /Marked “before load”/, ".livebar");
    await page.click('button:has-text("Stop recording")');
    await shows(page, /Recording is stopped/, ".livebar");
    server.onSay = (message) => server.tell({ type: "answer", to: message.id, ok: false, error: "nobody records" });
    await page.click('button:has-text("Report now")');
    await shows(page, /nobody records/, ".livebar");
    assert.deepEqual(server.said.filter((each) => each.type !== "subscribe").map(({ type, label, on }) => [type, label, on]), [["mark", "before load", undefined], ["record", undefined, false], ["detail", undefined, undefined]]);
    await page.click('summary:has-text("Download")');
    const [file] = await Promise.all([page.waitForEvent("download"), page.click('.menu-item:has-text("Report, JSON")')]);
    assert.equal(file.suggestedFilename(), "shopd.report.json");
    assert.equal(readFileSync(await file.path(), "utf8"), "asked for /api/source/1/report.json");
    await end(page, server);
}

export async function live_server_that_goes_is_waited_for(browser) {
    const server = await serve();
    const page = await browser.visit(server.address);
    await shows(page, /28\.0 MiB/);
    await server.stop();
    await shows(page, /The server does not answer[\s\S]*Try \d/);
    await shows(page, /Disconnected\s*try \d+, data \d/, ".livebar");
    assert.ok(await page.$(".page.stale"));
    await server.start(server.port);
    await page.click('button:has-text("Try now")').catch(() => undefined);
    await page.waitForSelector(".page:not(.stale)");
    server.tell(beatOf(1, 50));
    await shows(page, /58\.0 MiB/);
    page.faults = page.faults.filter((fault) => !/ERR_CONNECTION|WebSocket/.test(fault));
    await end(page, server);
}

export async function live_sources_stand_side_by_side(browser) {
    const server = await serve([SOURCE, BOARD]);
    const page = await browser.visit(server.address);
    await page.waitForFunction(() => document.querySelectorAll(".source-card canvas").length === 2);
    assert.deepEqual(server.said.map(({ source, documents }) => [source, documents]), [[1, undefined], [2, false]]);
    await page.click('.source-card:nth-child(2) button:has-text("Show")');
    await page.waitForFunction(() => /source=2/.test(location.hash));
    await shows(page, /Fragmentation[\s\S]*DRAM[\s\S]*PSRAM/, ".live-charts");
    assert.deepEqual(server.said.slice(2).map(({ source, documents }) => [source, documents]), [[1, false], [2, undefined]]);
    await page.selectOption(".pick select", "1");
    await page.waitForFunction(() => /Calls/.test(document.querySelector(".live-charts").innerText));
    await end(page, server);
}

export async function live_nothing_yet_is_told(browser) {
    const server = await serve([], { documents: [] });
    const page = await browser.visit(server.address);
    await shows(page, /Nothing is watched/);
    server.tell({ type: "hello", sources: [{ ...SOURCE, state: "waiting", why: "It has not started." }] });
    server.onSay = () => undefined;
    await shows(page, /Waiting for shopd[\s\S]*It has not started/);
    server.tell(beatOf(1, 1));
    await shows(page, /Idle[\s\S]*No verdict/);
    await page.evaluate(() => { location.hash = "#/leaks"; });
    await shows(page, /The first report has not come yet/);
    server.tell({ type: "document", source: 1, document: { schema: "heaptracer.report/9" } });
    await page.evaluate(() => { location.hash = "#/live"; });
    await shows(page, /newest report could not be read\.[\s\S]*version 9/i);
    await end(page, server);
}

export async function live_token_is_asked_for_and_kept(browser) {
    const server = await serve([SOURCE], { token: "s3cret" });
    const page = await browser.visit(server.address);
    await shows(page, /This server wants a token/);
    await page.fill("input[type=password]", "s3cret");
    await page.keyboard.press("Enter");
    await shows(page, /28\.0 MiB/);
    const other = await browser.visit(`${server.address}?token=s3cret`);
    await shows(other, /28\.0 MiB/);
    assert.doesNotMatch(other.url(), /s3cret/);
    assert.deepEqual(other.faults, []);
    await other.context().close();
    page.faults = page.faults.filter((fault) => !/401/.test(fault));
    await end(page, server);
}

export async function live_hostile_messages_are_only_text(browser) {
    const server = await serve([{ ...SOURCE, name: HOSTILE[0], why: HOSTILE[1], can: [HOSTILE[5], "mark"] }]);
    const page = await browser.visit(server.address);
    await page.waitForSelector(".live-charts canvas");
    server.onSay = () => undefined;
    for (const broken of ["", "{", "null", "[]", "7", '{"type":"beat"}', '{"type":"beat","source":1,"time_ns":"x","regions":7}', '{"type":"beat","source":1,"time_ns":1e999,"regions":[null,3,{}]}', '{"type":"history","source":1,"time_ns":{},"regions":[{}]}',
        '{"type":"document","source":1,"document":null}', '{"type":"hello"}', '{"type":"hello","sources":[null,{"id":1}]}', `{"type":"alert","source":1,"rule":${JSON.stringify(HOSTILE[0])},"state":"firing","text":${JSON.stringify(HOSTILE[1])}}`])
        server.tell(broken);
    server.tell({ type: "hello", sources: [{ ...SOURCE, name: HOSTILE[0] }] });
    server.tell(beatOf(1, 30, { regions: HOSTILE.map((name) => ({ name, used: 1, free: 2, largest: 1, fragmentation: 0.5 })) }));
    await shows(page, /38\.0 MiB/);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.$("main img"), null);
    await end(page, server);
}

export async function live_is_accessible_and_fits(browser) {
    const server = await serve([SOURCE, BOARD]);
    for (const [scheme, width] of [["light", 1280], ["dark", 320]]) {
        const page = await browser.visit(server.address, { scheme, width });
        await page.waitForSelector(".live-charts canvas");
        server.tell({ type: "alert", source: 1, rule: "heap grows", state: "firing", level: "critical", text: "growth is 1 MiB/s", time_ns: 20e9 });
        await page.waitForSelector(".states .alerting[aria-current]");
        await page.evaluate(axe);
        for (const hash of ["#/live", "#/live?as=table&source=2", "#/overview"]) {
            await page.evaluate((to) => { location.hash = to; }, hash);
            await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
            const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
            assert.deepEqual(result.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 160)} ${each.nodes[0].failureSummary}`), [], `${scheme} ${hash}`);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.querySelector("main").scrollWidth <= document.querySelector("main").clientWidth), `${hash} is wider than ${width}`);
        }
        assert.deepEqual(page.faults, []);
        await page.context().close();
    }
    await server.stop();
}
