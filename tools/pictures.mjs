// pictures: in a report page and a folder, out PNG pictures of its views there, by headless Chromium; with a name, one of the overview by that name.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "../web");
const { chromium } = createRequire(join(web, "package.json"))("playwright-core");
const [report, folder, own] = process.argv.slice(2);
const VIEWS = own ? [[own, "overview", "light", 880]] : [["overview", "overview", "light", 900], ["flame", "flame?metric=allocated", "dark", 720]];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
for (const [name, address, colorScheme, height] of VIEWS) {
    const page = await browser.newPage({ viewport: { width: 1280, height }, colorScheme });
    await page.goto(`file://${report}#/${address}`);
    await page.waitForSelector("main canvas, main .view");
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.close();
}
await browser.close();
