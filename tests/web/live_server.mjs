// live_server: in nothing, out a server that speaks the protocol of a live page word by word, so that a test says each message, each silence and each break itself.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { web } from "./sample.mjs";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function frameOf(text) {
    const body = Buffer.from(text);
    const head = body.length < 126 ? Buffer.from([0x81, body.length]) : body.length < 65536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255]) : Buffer.alloc(10);
    if (head.length === 10) {
        head[0] = 0x81;
        head[1] = 127;
        head.writeBigUInt64BE(BigInt(body.length), 2);
    }
    return Buffer.concat([head, body]);
}

/** Texts in what a client has sent, and what is left of it. */
function textsOf(data) {
    const texts = [];
    for (;;) {
        if (data.length < 6)
            break;
        const short = data[1] & 127, wide = short === 126 ? 2 : short === 127 ? 8 : 0;
        const size = wide === 2 ? data.readUInt16BE(2) : wide === 8 ? Number(data.readBigUInt64BE(2)) : short;
        const begin = 2 + wide + 4;
        if (data.length < begin + size)
            break;
        const mask = data.subarray(begin - 4, begin);
        if ((data[0] & 15) === 1)
            texts.push(Buffer.from(data.subarray(begin, begin + size)).map((byte, i) => byte ^ mask[i & 3]).toString());
        data = data.subarray(begin + size);
    }
    return [texts, data];
}

export class LiveServer {
    /** `sources`: what hello tells; `token`: what a page must say first, if anything. */
    constructor({ sources, token = "" }) {
        Object.assign(this, { sources, token, said: [], all: new Set(), sockets: new Set(), onSay: () => undefined, onFile: () => undefined });
    }

    async start(port = 0) {
        const html = readFileSync(join(web, "dist/index.html"), "utf8").replace("@HEAPTRACER_DATA@", "");
        this.http = createServer((request, response) => {
            const path = request.url.split("?")[0];
            if (path === "/")
                response.setHeader("content-type", "text/html; charset=utf-8").end(html);
            else if (this.token && request.headers.authorization !== `Bearer ${this.token}`)
                response.writeHead(401).end("the token that 'heaptracer serve' printed is wanted");
            else if (path === "/api/sources")
                response.end(JSON.stringify({ schema: "heaptracer.live/1", sources: this.sources }));
            else if (path.startsWith("/api/source/"))
                response.end(this.onFile(request.url) ?? `asked for ${path}`);
            else
                response.writeHead(404).end("{}");
        });
        this.http.on("upgrade", (request, socket) => this.greet(request, socket));
        await new Promise((done) => this.http.listen(port, "127.0.0.1", done));
        this.port = this.http.address().port;
        this.address = `http://127.0.0.1:${this.port}/`;
        return this;
    }

    greet(request, socket) {
        const key = createHash("sha1").update(request.headers["sec-websocket-key"] + MAGIC).digest("base64");
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
        let rest = Buffer.alloc(0), trusted = !this.token;
        this.all.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => this.sockets.delete(socket) | this.all.delete(socket));
        socket.on("data", (data) => {
            const [texts, left] = textsOf(Buffer.concat([rest, data]));
            rest = left;
            for (const message of texts.map((text) => JSON.parse(text))) {
                if (!trusted) {
                    trusted = message.type === "token" && message.token === this.token;
                    if (trusted)
                        this.join(socket);
                    else
                        socket.end(Buffer.from([0x88, 2, 0x03, 0xf0]));
                    continue;
                }
                this.said.push(message);
                this.onSay(message);
            }
        });
        if (trusted)
            this.join(socket);
    }

    join(socket) {
        this.sockets.add(socket);
        this.tell({ type: "hello", schema: "heaptracer.live/1", sources: this.sources });
    }

    tell(message) {
        const frame = frameOf(typeof message === "string" ? message : JSON.stringify(message));
        for (const socket of this.sockets)
            socket.write(frame);
    }

    async stop() {
        for (const socket of this.all)
            socket.destroy();
        this.http.closeAllConnections();
        await new Promise((done) => this.http.close(done));
    }
}

export const SOURCE = { id: 1, name: "shopd", word: "4711", kind: "process", state: "live", can: ["mark", "record"] };
export const BOARD = { id: 2, name: "blinky", word: "tcp:localhost:4321", kind: "board", state: "live", can: ["mark"] };

/** A beat of the second `at` of a program that grows by 1 MiB a second, and of a board with two regions. */
export function beatOf(source, at, change = {}) {
    const grown = Math.round(at * 1048576);
    const regions = source === BOARD.id ? [{ name: "DRAM", used: 40000 + at * 50, free: 25536 - at * 50, largest: 9000 - at * 40, fragmentation: 0.4 + at / 1000 }, { name: "PSRAM", used: 90000, free: 30000, largest: 29000, fragmentation: 0.03 }] : undefined;
    return { type: "beat", source, time_ns: at * 1e9, live_bytes: 8388608 + grown, live_count: 1000 + Math.round(at * 100), allocated_bytes: grown * 3, allocated_count: Math.round(at * 3000), freed_bytes: grown * 2,
        freed_count: Math.round(at * 2000), growth_bytes_s: 1048576, regions, faults: 0, alerts: 0, ...change };
}

/** Beats of those seconds as the history that a page gets when it comes. */
export function historyOf(source, seconds) {
    const beats = seconds.map((at) => beatOf(source, at));
    const column = (name) => beats.map((beat) => beat[name]);
    const names = ["time_ns", "live_bytes", "live_count", "allocated_bytes", "allocated_count", "freed_bytes", "freed_count"];
    const regions = (beats[0].regions ?? []).map(({ name }, i) => ({ name, ...Object.fromEntries(["used", "free", "largest", "fragmentation"].map((figure) => [figure, beats.map((beat) => beat.regions[i][figure])])) }));
    return { type: "history", source, ...Object.fromEntries(names.map((name) => [name, column(name)])), width_ns: beats.map(() => 1e9), live_bytes_most: column("live_bytes").map((bytes) => bytes + 4096), regions };
}
