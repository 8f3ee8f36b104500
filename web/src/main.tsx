// main: shows the frame at once, then the data that stands behind the script.
import { render } from "preact";
import { decode } from "./data/decode";
import { warmRanges } from "./data/range";
import { store } from "./data/store";
import { App } from "./views/app";

async function start(): Promise<void> {
    const data = document.getElementById("heaptracer-data");
    try {
        if (!data)
            throw new Error("The file is cut: its data is missing");
        const text = data.textContent ?? "";
        data.remove();
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
