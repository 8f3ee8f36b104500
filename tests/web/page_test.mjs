// page_test: runs every check against the built page in headless Chromium; names those that fail and ends with 1.
import { Browser } from "./browser.mjs";
import * as build from "./check_build.mjs";
import * as tables from "./check_tables.mjs";
import * as use from "./check_use.mjs";
import * as states from "./check_states.mjs";
import * as firmware from "./check_firmware.mjs";
import * as leaks from "./check_leaks.mjs";
import * as maps from "./check_maps.mjs";
import * as live from "./check_live.mjs";
import * as real from "./check_real.mjs";

const wanted = new RegExp(process.argv[2] ?? "");
const checks = [build, tables, use, states, firmware, leaks, maps, live, real].flatMap((file) => Object.entries(file)).filter(([name]) => wanted.test(name));
const AT_ONCE = 3;
let failed = 0;
const browser = await Browser.start();

async function work() {
    for (let next = checks.shift(); next; next = checks.shift()) {
        const [name, check] = next;
        const began = performance.now();
        const fault = await check(browser).then(() => null, (error) => error);
        failed += fault ? 1 : 0;
        console.log(`${fault ? "FAILS" : "ok   "} ${name} ${Math.round(performance.now() - began)} ms${fault ? `\n${fault.stack}` : ""}`);
    }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
await browser.stop();
process.exit(failed ? 1 : 0);
