// pictures: in the command and the victims of a build, out docs/pictures/live_*.png: a leak that grows under the eyes of the page, and the page on a phone.
// usage: node web/pictures.mjs [BUILD]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Browser } from "../tests/web/browser.mjs";
import { web } from "../tests/web/sample.mjs";

const build = resolve(process.argv[2] ?? "build");
const out = join(web, "../docs/pictures");
const folder = mkdtempSync(join(tmpdir(), "heaptracer-pictures-"));
const RULE = '[[alerts.rule]]\nname = "the heap grows"\nwhen = "summary.live_bytes>8M"\nlevel = "critical"\n';

writeFileSync(join(folder, ".heaptracer.toml"), RULE);
const start = (...words) => spawn(`${build}/heaptracer`, words, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
const program = start("run", "-q", "-o", "live_grow.htrc", "--", `${build}/victims/live_grow`, "60");
await new Promise((done) => setTimeout(done, 1500));
const server = start("serve", "--port", "0", "live_grow.htrc");
const address = await new Promise((done) => server.stdout.once("data", (bytes) => done(String(bytes).split("\n")[0])));
const browser = await Browser.start();
const page = await browser.visit(address, { width: 1280, height: 820 });
const phone = await browser.visit(address, { width: 390, height: 844, scheme: "dark" });
for (const second of [3, 8, 20]) {
    await page.waitForTimeout({ 3: 3000, 8: 5000, 20: 12000 }[second]);
    await page.screenshot({ path: join(out, `live_${second}s.png`) });
}
await phone.screenshot({ path: join(out, "live_phone.png") });
const map = await browser.visit(`${address}#/heap_map`, { width: 1280, height: 820, scheme: "dark" });
await map.waitForSelector(".map canvas");
for (let i = 0; i < 3; i++)
    await map.click('button[aria-label="Zoom in"]');
await map.waitForFunction(() => /each by itself/.test(document.querySelector(".map-legend").innerText));
const box = await (await map.$(".map canvas")).boundingBox();
await map.mouse.move(box.x + 300, box.y + 100);
await map.screenshot({ path: join(out, "live_map.png") });
program.kill();
await page.waitForSelector(".states .reporting[aria-current]");
await page.screenshot({ path: join(out, "live_over.png") });
server.kill();
await browser.stop();
rmSync(folder, { recursive: true, force: true });
