// build: in src/, out dist/index.html: one file with style and script inside and their hashes in its content security policy.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

async function bundle(entry) {
    const result = await build({
        absWorkingDir: here, entryPoints: [entry], bundle: true, minify: true, write: false, format: "iife", target: "es2022", charset: "utf8",
        legalComments: "none", jsx: "automatic", jsxImportSource: "preact", logLevel: "error",
    });
    return result.outputFiles[0].text.trim();
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const licences = ["preact", "uplot"].map((name) => {
    const about = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
    return `${about.name} ${about.version} (${about.license})`;
});

export async function page() {
    const style = await bundle("src/style/page.css");
    const script = (await bundle("src/main.tsx")).replaceAll("</script", "<\\/script");
    const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'`;
    const parts = { POLICY: policy, STYLE: style, SCRIPT: script, LICENCES: licences.join(", ") };
    return readFileSync(join(here, "src/page.html"), "utf8").replace(/%(POLICY|STYLE|SCRIPT|LICENCES)%/g, (_, name) => parts[name]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const html = await page();
    mkdirSync(join(here, "dist"), { recursive: true });
    writeFileSync(join(here, "dist/index.html"), html);
    console.log(`dist/index.html: ${html.length} bytes, ${gzipSync(html, { level: 9 }).length} gzipped`);
}
