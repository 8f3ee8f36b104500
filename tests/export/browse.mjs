// browse: in exported files, out what the pages that read them make of them, as JSON on stdout: speedscope's own page and Valgrind's dh_view.html, in headless Chromium.
// usage: browse.mjs NODE_MODULES DH_VIEW FOLDER KIND:FILE...   (KIND speedscope or dhat; files lie in FOLDER)
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, dhView, folder, ...jobs] = process.argv.slice(2);
const require = createRequire(path.resolve(modules, "x.js"));
const { chromium } = require("playwright-core");
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };

function serve(roots) {
    const server = http.createServer((request, response) => {
        const [, root, ...rest] = decodeURIComponent(new URL(request.url, "http://x").pathname).split("/");
        const file = roots[root] && path.join(roots[root], path.basename(rest.join("/")));
        if (!file || !fs.existsSync(file)) return response.writeHead(404).end();
        response.writeHead(200, { "content-type": types[path.extname(file)] ?? "application/octet-stream" });
        fs.createReadStream(file).pipe(response);
    });
    return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

async function speedscope(page, base, file) {
    const lines = [];
    let refused = null;
    page.on("console", (message) => lines.push(message.text()));
    page.on("dialog", (dialog) => {
        refused = dialog.message();
        dialog.dismiss();
    });
    await page.goto(`${base}/speedscope/index.html#profileURL=${encodeURIComponent(`${base}/files/${file}`)}&title=${encodeURIComponent(file)}`);
    const end = Date.now() + 30000;
    const shows = page.getByText("Export", { exact: false }).first();
    while (!refused && Date.now() < end && !(await shows.isVisible())) await page.waitForTimeout(50);
    if (refused || !(await shows.isVisible())) return { error: refused ?? "the page never showed the profile", lines };
    const [download] = await Promise.all([page.waitForEvent("download"), shows.click()]);
    const saved = JSON.parse(fs.readFileSync(await download.path(), "utf8"));
    return {
        lines,
        profiles: saved.profiles.map((profile) => ({
            name: profile.name,
            type: profile.type,
            total: profile.type === "sampled" ? profile.weights.reduce((sum, weight) => sum + weight, 0) : profile.endValue - profile.startValue,
            stacks: profile.type === "sampled" ? profile.samples.length : profile.events.length,
        })),
        frames: saved.shared.frames.length,
    };
}

async function dhat(page, base, file) {
    await page.goto(`${base}/dhat/dh_view.html`);
    await page.setInputFiles("input[type=file]", path.join(folder, file));
    await page.waitForFunction(() => /t-end:|Error|error/.test(document.body.innerText), null, { timeout: 30000 });
    return { text: await page.evaluate(() => document.body.innerText) };
}

const roots = { speedscope: path.join(modules, "speedscope/dist/release"), dhat: dhView, files: folder };
const server = await serve(roots);
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"] });
const found = {};
for (const job of jobs) {
    const [kind, file] = job.split(/:(.*)/s);
    const context = await browser.newContext({ acceptDownloads: true });
    const page = await context.newPage();
    found[file] = kind === "dhat" ? await dhat(page, base, file) : await speedscope(page, base, file);
    await context.close();
}
await browser.close();
server.close();
console.log(JSON.stringify(found, null, 1));
