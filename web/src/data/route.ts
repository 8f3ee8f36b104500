// route: in the part of the address behind #, out what is looked at, and back; all of it can be shared as a link.
import type { Sort } from "./sheet";
import { METRICS, type By, type Metric } from "./weights";

export interface View {
    tab: string;
    filter: string;
    sort: Sort | null;
    /** Slices [from, to). */
    range: { from: number; to: number } | null;
    metric: Metric | null;
    by: By;
    inverted: boolean;
    allFrames: boolean;
    /** Functions from the root to the frame that fills the width. */
    zoom: number[];
    /** Place of the stack whose detail is open; 0: none. */
    stack: number;
    /** Charts as tables. */
    asTable: boolean;
    /** The columns of the table; empty: those that it has by itself. */
    columns: string[];
    /** Which of the tables that changed. */
    changes: string;
    /** Of several that are watched live; 0: the first. */
    source: number;
    /** Seconds of the live graphs; 0: all. */
    span: number;
}

export const START: View = {
    tab: "overview", filter: "", sort: null, range: null, metric: null, by: "bytes", inverted: false, allFrames: false, zoom: [], stack: 0, asTable: false, columns: [], changes: "",
    source: 0, span: 60,
};

/** What a view says in the numbers of one document; with another one it means nothing. */
export const UNBOUND: Pick<View, "range" | "stack" | "zoom"> = { range: null, stack: 0, zoom: [] };

const NAME = /^[a-z][a-z0-9_]*$/;

const natural = (text: string | null): number => text !== null && /^\d{1,9}$/.test(text) ? Number(text) : -1;

function parseRange(text: string | null): View["range"] {
    const [from, to] = (text ?? "").split("-").map(natural);
    return from >= 0 && to > from ? { from, to } : null;
}

function parseSort(text: string | null): Sort | null {
    const match = /^([a-z][a-z0-9_]*)\.(up|down)$/.exec(text ?? "");
    return match && { column: match[1], down: match[2] === "down" };
}

export function parseHash(hash: string): View {
    const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
    const ask = new URLSearchParams(query);
    const metric = ask.get("metric") as Metric | null;
    return {
        tab: /^[a-z_]+$/.test(path) ? path : START.tab,
        filter: ask.get("q") ?? "",
        sort: parseSort(ask.get("sort")),
        range: parseRange(ask.get("range")),
        metric: metric && METRICS.includes(metric) ? metric : null,
        by: ask.get("by") === "count" ? "count" : "bytes",
        inverted: ask.get("inverted") === "1",
        allFrames: ask.get("frames") === "all",
        zoom: (ask.get("zoom") ?? "").split(".").map(natural).filter((place) => place >= 0),
        stack: Math.max(0, natural(ask.get("stack"))),
        asTable: ask.get("as") === "table",
        columns: (ask.get("columns") ?? "").split(".").filter((name) => NAME.test(name)),
        changes: NAME.test(ask.get("changes") ?? "") ? ask.get("changes")! : "",
        source: Math.max(0, natural(ask.get("source"))),
        span: ask.get("span") === null ? START.span : Math.max(0, natural(ask.get("span"))),
    };
}

export function writeHash(view: View): string {
    const ask = new URLSearchParams();
    const put = (name: string, value: string | false | null) => value && ask.set(name, value);
    put("q", view.filter);
    put("sort", view.sort && `${view.sort.column}.${view.sort.down ? "down" : "up"}`);
    put("range", view.range && `${view.range.from}-${view.range.to}`);
    put("metric", view.metric);
    put("by", view.by === "count" && "count");
    put("inverted", view.inverted && "1");
    put("frames", view.allFrames && "all");
    put("zoom", view.zoom.length > 0 && view.zoom.join("."));
    put("stack", view.stack > 0 && String(view.stack));
    put("as", view.asTable && "table");
    put("columns", view.columns.join("."));
    put("changes", view.changes);
    put("source", view.source > 0 && String(view.source));
    put("span", view.span !== START.span && String(view.span));
    const query = ask.toString();
    return `#/${view.tab}${query ? "?" + query : ""}`;
}
