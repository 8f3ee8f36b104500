// main: shows the frame at once, then the data that stands behind the script.
import { render } from "preact";
import { decode } from "./data/decode";
import { startFeed } from "./data/feed";
import { warmRanges } from "./data/range";
import { store } from "./data/store";
import { notifyOf } from "./parts/notify";
import { App } from "./views/app";

/** A server leaves the place of the data empty. */
function isLive(text: string): boolean {
    return text.trim() === "" && location.protocol.startsWith("http");
}

/** A page that holds its data asks nobody for anything; from here on it cannot. */
function forbidRequests(): void {
    const policy = document.createElement("meta");
    policy.httpEquiv = "Content-Security-Policy";
    policy.content = "connect-src 'none'";
    document.head.append(policy);
}

async function start(): Promise<void> {
    const data = document.getElementById("heaptracer-data");
    try {
        if (!data)
            throw new Error("The file is cut: its data is missing");
        const text = data.textContent ?? "";
        data.remove();
        if (isLive(text)) {
            startFeed().onAlert = notifyOf;
            return;
        }
        forbidRequests();
        const report = await decode(text);
        store.load(report);
        warmRanges(report);
        requestAnimationFrame(() => performance.mark("report-shown"));
    } catch (error) {
        store.fail(error instanceof Error ? error.message : String(error));
    }
}

/** What feeds a page with more than the data that it came with. */
Object.assign(globalThis, { heaptracer: { load: store.load.bind(store), patch: store.patch.bind(store) } });

const place = document.getElementById("app")!;
place.replaceChildren();
render(<App />, place);
if (document.readyState === "loading")
    document.addEventListener("DOMContentLoaded", () => void start());
else
    void start();
