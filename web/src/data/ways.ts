// ways: in the server's address, out a connection that brings texts and takes texts: a WebSocket, or, where none gets through, a stream of events and posts.
export interface Ends { text: (text: string) => void; end: (why: string) => void }
export interface Way { send: (text: string) => boolean; close: () => void }

export function socketWay(path: string, token: string, ends: Ends): Way {
    try {
        const socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
        socket.onopen = () => token && socket.send(JSON.stringify({ type: "token", token }));
        socket.onmessage = ({ data }) => typeof data === "string" && ends.text(data);
        socket.onclose = ({ reason }) => ends.end(reason);
        return {
            send: (text) => {
                if (socket.readyState !== WebSocket.OPEN)
                    return false;
                socket.send(text);
                return true;
            },
            close: () => socket.close(),
        };
    } catch {
        queueMicrotask(() => ends.end(""));
        return { send: () => false, close: () => undefined };
    }
}

const KEY = /^\{"type": ?"key", ?"key": ?"([\w.~-]+)"/;

/** The lines of a stream as they become whole. */
async function eachLine(body: ReadableStream<Uint8Array<ArrayBuffer>>, take: (line: string) => void): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let pieces: string[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const [first, ...rest] = next.value.split("\n");
        pieces.push(first);
        for (const piece of rest) {
            take(pieces.join(""));
            pieces = [piece];
        }
    }
}

/** The server names the stream by a key; a message that names it is answered in it. */
export function streamWay(path: string, say: string, headers: Record<string, string>, ends: Ends): Way {
    const stop = new AbortController(), { signal } = stop;
    let key = "", queue: Promise<unknown> = Promise.resolve();
    const take = (line: string) => {
        const text = line.startsWith("data: ") ? line.slice(6) : "";
        const named = key === "" && KEY.exec(text);
        if (named)
            key = named[1];
        else if (text)
            ends.text(text);
    };
    const post = async (text: string) => {
        const answer = await fetch(`${say}?key=${key}`, { method: "POST", body: text, headers, signal });
        if (!answer.ok)
            stop.abort();
    };
    const read = async () => {
        const answer = await fetch(path, { headers, cache: "no-store", signal });
        if (answer.ok && answer.body)
            await eachLine(answer.body, take);
    };
    read().catch(() => undefined).then(() => { key = ""; ends.end(""); });
    return {
        send: (text) => {
            if (key === "")
                return false;
            queue = queue.then(() => post(text)).catch(() => stop.abort());
            return true;
        },
        close: () => stop.abort(),
    };
}
