// check_build: the committed page is what the sources make, holds one place for the data, is small, and asks nobody for anything.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { web } from "./sample.mjs";

const built = () => readFileSync(join(web, "dist/index.html"), "utf8");

export async function page_is_built_from_sources() {
    const { page } = await import(join(web, "build.mjs"));
    assert.ok(await page() === built(), "web/dist/index.html differs from what web/src makes: run `npm run build` in web/ and commit it");
}

export async function page_types_are_right() {
    execFileSync(join(web, "node_modules/.bin/tsc"), ["--noEmit"], { cwd: web, stdio: "pipe", encoding: "utf8" });
}

export async function page_is_small() {
    assert.ok(gzipSync(built(), { level: 9 }).length <= 100 * 1024);
}

export async function page_has_one_place_for_data() {
    assert.equal(built().split("@HEAPTRACER_DATA@").length, 2);
}

export async function page_policy_is_strict() {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(built())[1];
    assert.match(policy, /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; img-src data: blob:; connect-src 'self';/);
    assert.doesNotMatch(policy, /unsafe/);
}
