// browser: in a report, out an open page of it in headless Chromium that fails the test on any error of its own or request to elsewhere.
import { createRequire } from "node:module";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePage, web } from "./sample.mjs";

const { chromium } = createRequire(join(web, "package.json"))("playwright-core");

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export class Browser {
    static async start() {
        if (!CHROMIUM)
            throw new Error("no chromium: apt install chromium");
        const self = new Browser();
        self.folder = mkdtempSync(join(tmpdir(), "heaptracer-web-"));
        self.browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"], timeout: 120000 });
        self.pages = 0;
        return self;
    }

    /** A page with the report. */
    async open(report, { hash = "", ...look } = {}) {
        const file = join(this.folder, `page${this.pages++}.html`);
        writeFileSync(file, makePage(report));
        return this.visit(`file://${file}${hash}`, look);
    }

    /** What is at an address; `faults` collects what must not happen. */
    async visit(address, { width = 1280, height = 800, scheme = "light", prepare = async () => undefined } = {}) {
        const own = new URL(address).origin;
        const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: scheme, acceptDownloads: true });
        const page = await context.newPage();
        page.setDefaultTimeout(60000);
        page.faults = [];
        page.on("console", (message) => message.type() === "error" && page.faults.push(message.text()));
        page.on("pageerror", (error) => page.faults.push(error.message));
        page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || new URL(request.url()).origin === own || page.faults.push(`request to ${request.url()}`));
        page.on("dialog", (dialog) => { page.faults.push(`dialog ${dialog.message()}`); void dialog.dismiss(); });
        await prepare(page);
        await page.goto(address);
        await page.waitForSelector("main", { state: "attached" });
        return page;
    }

    async stop() {
        await this.browser.close();
        rmSync(this.folder, { recursive: true });
    }
}
