// check_real: the page of `heaptracer serve` beside a real program that leaks and a real firmware in QEMU; killed, started again, and the program's end.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { HT, VICTIMS, BUILD } = process.env;
const ELF = `${BUILD}/firmware/mps2-an385/light.elf`;
const QEMU = "qemu-system-arm";
/** So long a program runs at most: longer than a check takes on a busy machine. It is killed when the check is over. */
const SECONDS = 600;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const shows = (page, pattern, where = "main") => page.waitForFunction(([source, flags, selector]) => new RegExp(source, flags).test(document.querySelector(selector)?.innerText ?? ""), [pattern.source, pattern.flags, where]);

function childrenOf({ pid }) {
    const told = `/proc/${pid}/task/${pid}/children`;
    return existsSync(told) ? readFileSync(told, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
}

/** A folder and what runs in it; all of it goes at the end. */
class Bench {
    folder = mkdtempSync(join(tmpdir(), "heaptracer-real-"));
    running = [];

    run(...words) {
        const child = spawn(words[0], words.slice(1), { cwd: this.folder, stdio: ["ignore", "pipe", "inherit"] });
        this.running.push(child);
        return child;
    }

    /** A program that leaks for so many seconds, under the recorder. */
    async leak(seconds) {
        const child = this.run(HT, "run", "-q", "-o", "leak.htrc", "--", `${VICTIMS}/live_grow`, String(seconds));
        while (!existsSync(join(this.folder, "leak.htrc")))
            await sleep(20);
        return child;
    }

    async serve(port, ...words) {
        this.server = this.run(HT, "serve", "--port", String(port), ...words);
        let told = "";
        for await (const bytes of this.server.stdout) {
            told += bytes;
            if (told.includes("\n"))
                break;
        }
        return told.split("\n")[0];
    }

    done() {
        for (const child of this.running) {
            childrenOf(child).forEach((pid) => process.kill(pid, "SIGKILL"));
            child.kill("SIGKILL");
        }
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
}

async function freePort() {
    const server = createServer();
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address();
    await new Promise((done) => server.close(done));
    return port;
}

const inUse = (page) => page.$eval(".tile.peak .tile-value", (each) => each.innerText);

async function withBench(work) {
    const bench = new Bench();
    try {
        await work(bench);
    } finally {
        bench.done();
    }
}

export async function real_program_is_seen_growing_and_ending(browser) {
    if (!HT)
        return;
    await withBench(async (bench) => {
        const program = await bench.leak(SECONDS);
        const page = await browser.visit(await bench.serve(0, "leak.htrc"));
        await shows(page, /^Live/, ".livebar");
        await shows(page, /Who grew in this time[\s\S]*keep_some[\s\S]*live_grow\.c:\d+ ← main/);
        const first = await inUse(page);
        await page.waitForFunction((before) => document.querySelector(".tile.peak .tile-value").innerText !== before, first);
        await shows(page, /Growth\s+\+[\d.]+ [KM]iB\/s/);
        await page.keyboard.press("m");
        await page.keyboard.type("here");
        await page.keyboard.press("Enter");
        await shows(page, /Marked “here”/, ".livebar");
        await page.evaluate(() => { location.hash = "#/marks"; });
        await shows(page, /here/, ".grid tbody");
        await page.click('summary:has-text("Download")');
        const [file] = await Promise.all([page.waitForEvent("download"), page.click('.menu-item:has-text("Report, JSON")')]);
        assert.equal(JSON.parse(readFileSync(await file.path(), "utf8")).schema, "heaptracer.report/1");
        await page.evaluate(() => { location.hash = "#/heap_map"; });
        await page.waitForSelector(".time-slider input");
        await page.focus(".time-slider input");
        await page.keyboard.press("Home");
        await page.waitForSelector('.time-slider button:has-text("Now")');
        await page.evaluate(() => { location.hash = "#/live"; });
        childrenOf(program).forEach((pid) => process.kill(pid));
        await shows(page, /The run is over/);
        await page.waitForSelector(".states .reporting[aria-current]");
        assert.deepEqual(page.faults, []);
        await page.context().close();
    });
}

async function dumpBytes(page, address) {
    await page.click('summary:has-text("Dump")');
    await page.fill('.menu [placeholder="0x7f00"]', address);
    await page.fill('.menu [type="number"]', "16");
    await page.keyboard.press("Enter");
}

export async function real_blocks_are_seen_one_by_one_and_dumped(browser) {
    if (!HT)
        return;
    await withBench(async (bench) => {
        await bench.leak(SECONDS);
        const page = await browser.visit(`${await bench.serve(0, "leak.htrc", "--token", "s3cret-s3cret")}#/heap_map`);
        await shows(page, /Map at [\s\S]*In use/);
        await page.focus(".map canvas");
        const settled = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        for (let i = 0; i < 3; i++) { // the heap grows: what is few enough now is soon too much
            await page.keyboard.press("+");
            await settled();
        }
        const legend = () => page.$eval(".map-legend", (each) => each.innerText);
        while (await shows(page, /each by itself|zoom in to see/, ".map-legend") && /zoom in/.test(await legend())) {
            await page.keyboard.press("+");
            await settled();
        }
        await shows(page, /\d+ blocks?, each by itself/, ".map-legend");
        const box = await (await page.$(".map canvas")).boundingBox();
        const tips = [];
        for (let x = 300; x < 400; x += 8) {
            await page.mouse.move(box.x + x, box.y + 44);
            await page.waitForSelector(".canvas .tip");
            tips.push(await page.$eval(".canvas .tip", (each) => each.innerText));
        }
        assert.ok(tips.some((tip) => /1000 B · [\d.]+ m?s old · by keep_some\s+live_grow\.c:\d+/.test(tip)), tips.join(" | "));
        await page.click('summary:has-text("Dump")');
        const [file] = await Promise.all([page.waitForEvent("download"), page.click('.menu-item:has-text("Live blocks, CSV")')]);
        const rows = readFileSync(await file.path(), "utf8").trim().split("\r\n").slice(1).map((line) => line.split(","));
        assert.ok(rows.length > 100 && rows.every(([address, size]) => /^0x[0-9a-f]+$/.test(address) && Number(size) > 0));
        const [bytes] = await Promise.all([page.waitForEvent("download"), dumpBytes(page, rows[0][0])]);
        assert.equal(readFileSync(await bytes.path()).length, 16);
        await dumpBytes(page, "0x10");
        await shows(page, /[a-z]{3}.*\./, ".deed");
        assert.deepEqual(page.faults, []);
        await page.context().close();
        const open = await browser.visit(await bench.serve(0, "leak.htrc"));
        await shows(open, /^(Live|Reading)/, ".livebar");
        await dumpBytes(open, rows[0][0]);
        await shows(open, /bytes of memory are told only to who knows a token/, ".deed");
        await open.context().close();
    });
}

const WITHOUT_SOCKETS = {
    "there are none": (page) => page.addInitScript(() => { delete window.WebSocket; }),
    "they are closed on the way": (page) => page.routeWebSocket(/./, (socket) => socket.close()),
    "they are swallowed on the way": (page) => page.routeWebSocket(/./, () => undefined),
};

export async function real_page_without_websockets_moves_and_marks(browser) {
    if (!HT)
        return;
    await withBench(async (bench) => {
        await bench.leak(SECONDS);
        const address = await bench.serve(0, "leak.htrc", "--token", "s3cret-s3cret");
        for (const [why, prepare] of Object.entries(WITHOUT_SOCKETS)) {
            const page = await browser.visit(address, { prepare });
            await shows(page, /^(Live|Reading)[\s\S]*event stream/, ".livebar");
            await shows(page, /Who grew in this time[\s\S]*keep_some/);
            const first = await inUse(page);
            await page.waitForFunction((before) => document.querySelector(".tile.peak .tile-value").innerText !== before, first);
            await page.keyboard.press("m");
            await page.keyboard.type(why);
            await page.keyboard.press("Enter");
            await shows(page, new RegExp(`Marked “${why}”`), ".livebar");
            await page.click('button:has-text("Report now")');
            await shows(page, /The report is of now/, ".livebar");
            await page.evaluate(() => { location.hash = "#/marks"; });
            await shows(page, new RegExp(why), ".grid tbody");
            assert.deepEqual(page.faults, [], why);
            await page.context().close();
        }
        const page = await browser.visit(address, { prepare: WITHOUT_SOCKETS["there are none"] });
        await shows(page, /event stream/, ".livebar");
        bench.server.kill("SIGKILL");
        await shows(page, /Disconnected\s*try \d/, ".livebar");
        await bench.serve(new URL(address).port, "leak.htrc", "--token", "s3cret-s3cret");
        await shows(page, /^(Live|Reading)[\s\S]*event stream/, ".livebar");
        await page.context().close();
    });
}

export async function real_server_that_was_killed_comes_back(browser) {
    if (!HT)
        return;
    await withBench(async (bench) => {
        await bench.leak(SECONDS);
        const port = await freePort();
        const page = await browser.visit(await bench.serve(port, "leak.htrc"));
        await shows(page, /Heap in use/);
        bench.server.kill("SIGKILL");
        await shows(page, /Disconnected\s*try \d/, ".livebar");
        await bench.serve(port, "leak.htrc");
        await shows(page, /^(Live|Reading)/, ".livebar");
        const before = await inUse(page);
        await page.waitForFunction((old) => document.querySelector(".tile.peak .tile-value").innerText !== old, before);
        await page.context().close();
    });
}

export async function real_board_stands_beside_a_program(browser) {
    if (!HT || !existsSync(ELF) || spawnSync(QEMU, ["--version"]).error)
        return;
    await withBench(async (bench) => {
        await bench.leak(SECONDS);
        const port = await freePort();
        bench.run(QEMU, "-M", "mps2-an385", "-icount", "shift=5", "-semihosting-config", "enable=on,target=native", "-display", "none", "-monitor", "none", "-serial", `tcp:127.0.0.1:${port},server=on,wait=on`, "-kernel", ELF);
        await sleep(500);
        const page = await browser.visit(await bench.serve(0, "leak.htrc", `tcp:127.0.0.1:${port}`, "--elf", ELF));
        await page.waitForFunction(() => document.querySelectorAll(".source-card .uplot").length === 2);
        await page.click('.source-card:nth-child(2) button:has-text("Show")');
        await shows(page, /Fragmentation[\s\S]*PSRAM/, ".live-charts");
        await shows(page, /Errors[\s\S]*stack overflow/);
        await page.evaluate(() => { location.hash = "#/regions?source=2"; });
        await shows(page, /PSRAM, external/);
        assert.deepEqual(page.faults, []);
        await page.context().close();
    });
}
