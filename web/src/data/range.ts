// range: in the slices and a range of them, out what each site, thread and size class did in it.
import type { Cells, Column, Numbers, Report, Slices } from "./report";
import { bytes } from "./format";
import { shortFile } from "./names";
import { gather, makeSheet, type Sheet } from "./sheet";

/** Slices [from, to). */
export interface Range { from: number; to: number }

export type Group = "sites" | "threads" | "sizes";
type Sums = Record<string, Float64Array>;

export const CELL_COLUMNS = [
    "allocated_bytes", "allocated_count", "freed_bytes", "freed_count", "leaked_bytes", "leaked_count", "temporary_bytes", "temporary_count",
] as const;

export function sliceBegin(slices: Slices, slice: number): number {
    return slices.begin_ns + slice * slices.width_ns;
}

export function sliceAt(slices: Slices, ns: number): number {
    return Math.max(0, Math.min(slices.count, Math.round((ns - slices.begin_ns) / slices.width_ns)));
}

const cache = new WeakMap<Cells, Map<string, Sums>>();

/** One sum per member (site, thread, size class) and column over the range. */
export function sumCells(cells: Cells, range: Range): Sums {
    const key = `${range.from}-${range.to}`;
    let known = cache.get(cells);
    if (!known)
        cache.set(cells, known = new Map());
    let sums = known.get(key);
    if (!sums) {
        if (known.size > 8)
            known.clear();
        known.set(key, sums = addCells(cells, range));
    }
    return sums;
}

const prefixCache = new WeakMap<Cells, Map<string, Float64Array>>();

/** Running sums of a column: a range of one member is then one subtraction. Exact, since they are whole numbers below 2^53. */
function runningSums(cells: Cells, name: string): Float64Array {
    let known = prefixCache.get(cells);
    if (!known)
        prefixCache.set(cells, known = new Map());
    let sums = known.get(name);
    if (!sums) {
        const values = cells[name];
        known.set(name, sums = new Float64Array(cells.slice.length + 1));
        for (let at = 0; at < cells.slice.length; at++)
            sums[at + 1] = sums[at] + values[at];
    }
    return sums;
}

/** Makes the running sums while nothing else is to do, a column at a time, so that the first range is as quick as the next. */
export function warmRanges(report: Report): void {
    const groups = [report.slices?.sites, report.slices?.threads, report.slices?.sizes].filter((cells) => cells !== undefined);
    const waiting = groups.flatMap((cells) => CELL_COLUMNS.filter((name) => cells[name]).map((name) => () => runningSums(cells, name)));
    const next = () => {
        waiting.shift()?.();
        if (waiting.length > 0)
            requestIdleCallback(next);
    };
    requestIdleCallback(next);
}

/** For each member its first cell at or behind a slice. */
function cellsFrom(cells: Cells, slice: number): Uint32Array {
    const places = new Uint32Array(cells.first.length - 1);
    for (let member = 0; member < places.length; member++) {
        let low = cells.first[member], high = cells.first[member + 1];
        while (low < high) {
            const middle = (low + high) >> 1;
            if (cells.slice[middle] < slice)
                low = middle + 1;
            else
                high = middle;
        }
        places[member] = low;
    }
    return places;
}

function addCells(cells: Cells, range: Range): Sums {
    const from = cellsFrom(cells, range.from), to = cellsFrom(cells, range.to);
    const sums: Sums = {};
    for (const name of CELL_COLUMNS) {
        if (!cells[name])
            continue;
        const running = runningSums(cells, name);
        const sum = sums[name] = new Float64Array(from.length);
        for (let member = 0; member < sum.length; member++)
            sum[member] = running[to[member]] - running[from[member]];
    }
    return sums;
}

const COLUMN_TEXT: Record<string, [string, string]> = {
    allocated_bytes: ["Allocated", "bytes asked for by births and successful reallocs"],
    allocated_count: ["Allocations", "births and successful reallocs"],
    freed_bytes: ["Freed", "bytes of blocks that were freed or replaced by realloc, whenever they were born"],
    freed_count: ["Frees", "blocks that were freed or replaced by realloc, whenever they were born"],
    growth_bytes: ["Growth", "allocated \u2212 freed"],
    growth_count: ["Growth, blocks", "allocations \u2212 frees"],
    leaked_bytes: ["Never freed", "bytes of blocks that were born here and still lived at the end"],
    leaked_count: ["Never freed, blocks", "blocks that were born here and still lived at the end"],
    temporary_bytes: ["Temporary", "bytes of blocks freed by the thread that made them before its next allocation"],
    temporary_count: ["Temporary, blocks", "blocks freed by the thread that made them before its next allocation"],
    peak_bytes: ["At peak", "bytes that were live at the global peak"],
    peak_count: ["At peak, blocks", "blocks that were live at the global peak"],
    before_leaked_bytes: ["Never freed before", "the same in the earlier recording"],
    change_bytes: ["Change", "never freed \u2212 never freed before"],
    lifetime_median_ns: ["Median life", "lifetime that half of the blocks exceed"],
};

export function describe(name: string): Column {
    const [title, about] = COLUMN_TEXT[name] ?? [name.replace(/_/g, " "), ""];
    const signed = /growth|change/.test(name) ? "signed_" : "";
    const kind = name.endsWith("_ns") ? "duration" : signed + (name.endsWith("_count") ? "count" : "bytes");
    return { name, kind, title, unit: kind === "duration" ? "ns" : kind.endsWith("bytes") ? "B" : "", about };
}

function difference(a: Numbers, b: Numbers): Float64Array {
    const values = new Float64Array(a.length);
    for (let i = 0; i < values.length; i++)
        values[i] = a[i] - b[i];
    return values;
}

/** Places of the members that did anything at all. */
function busyMembers(members: number, columns: Numbers[]): Uint32Array {
    const busy = new Uint8Array(members);
    for (const values of columns)
        for (let i = 0; i < members; i++)
            if (values[i] !== 0)
                busy[i] = 1;
    const places = new Uint32Array(members);
    let count = 0;
    for (let i = 0; i < members; i++)
        if (busy[i])
            places[count++] = i;
    return places.subarray(0, count);
}

function withGrowth(sums: Sums): Sums {
    const full: Sums = { ...sums };
    if (sums.allocated_bytes && sums.freed_bytes)
        full.growth_bytes = difference(sums.allocated_bytes, sums.freed_bytes);
    if (sums.allocated_count && sums.freed_count)
        full.growth_count = difference(sums.allocated_count, sums.freed_count);
    return full;
}

const ORDER = ["allocated_bytes", "allocated_count", "growth_bytes", "growth_count", "leaked_bytes", "leaked_count", "peak_bytes", "peak_count", "freed_bytes",
    "freed_count", "temporary_bytes", "temporary_count", "lifetime_median_ns", "before_leaked_bytes", "change_bytes"];

interface Subject { columns: Column[]; values: (Numbers | string[])[] }

/** The stack, and what the program's own macros say about it, if any do. */
function siteSubject(report: Report): Subject {
    const { sites, sources } = report;
    const columns = [{ name: "stack", kind: "stack", title: "Allocated by", unit: "", about: "the call stack that allocated" }];
    const values: Subject["values"] = [sites?.stack ?? []];
    if (sites?.source?.some((place) => place > 0) && sources) {
        columns.push({ name: "source", kind: "text", title: "Source", unit: "", about: "what the program's own macros say: variable, file and line" });
        values.push(sites.source.map((place) => place > 0 && sources[place] ? `${sources[place].variable} ${shortFile(sources[place].file)}:${sources[place].line}`.trim() : ""));
    }
    return { columns, values };
}

function subjectOf(report: Report, group: Group): Subject {
    if (group === "sites")
        return siteSubject(report);
    if (group === "threads") {
        const threads = report.threads ?? [];
        return {
            columns: [
                { name: "name", kind: "text", title: "Thread", unit: "", about: "its last name" },
                { name: "tid", kind: "count", title: "Tid", unit: "id", about: "the system's thread id" },
                { name: "process", kind: "count", title: "Process", unit: "id", about: "id of its process image" },
            ],
            values: [threads.map((thread) => thread.name), threads.map((thread) => thread.tid), threads.map((thread) => thread.process)],
        };
    }
    const sizes = report.sizes ?? [];
    return {
        columns: [{ name: "size", kind: "text", title: "Block size", unit: "", about: "sizes asked for" }],
        values: [sizes.map((size) => `${bytes(size.low)} – ${bytes(size.high)}`)],
    };
}

const TITLES: Record<Group, string> = { sites: "Sites", threads: "Threads", sizes: "Sizes" };

function sheetFrom(report: Report, group: Group, about: string, sums: Record<string, Numbers>): Sheet {
    const subject = subjectOf(report, group);
    const present = ORDER.filter((name) => sums[name]);
    const rows = busyMembers(subject.values[0].length, present.map((name) => sums[name]));
    const take = (values: Numbers | string[]) => typeof values[0] === "string" ? Array.from(rows, (row) => (values as string[])[row]) : gather(values as Numbers, rows);
    const columns = [...subject.columns, ...present.map(describe)];
    const values = [...subject.values.map(take), ...present.map((name) => take(sums[name]))];
    const sheet = makeSheet({ name: group, title: TITLES[group], about }, columns, values, rows.length);
    sheet.additive = new Set(present.filter((name) => !name.endsWith("_ns")));
    return sheet;
}

const rangeSheets = new WeakMap<Cells, { key: string; sheet: Sheet }>();

/** What the members of a group did in the range; null when the document has no cells for it. */
export function rangeSheet(report: Report, group: Group, range: Range): Sheet | null {
    const cells = report.slices?.[group];
    if (!cells)
        return null;
    const key = `${range.from}-${range.to}`;
    const known = rangeSheets.get(cells);
    if (known?.key === key)
        return known.sheet;
    const about = "What happened in the selected time: allocated and freed then, and what was born then and never freed.";
    const sheet = sheetFrom(report, group, about, withGrowth(sumCells(cells, range)));
    rangeSheets.set(cells, { key, sheet });
    return sheet;
}

const wholeSheets = new WeakMap<object, Sheet>();

/** Every site of the recording with its metrics. */
export function siteSheet(report: Report): Sheet | null {
    const { sites } = report;
    if (!sites)
        return null;
    let sheet = wholeSheets.get(sites);
    if (!sheet) {
        const sums: Record<string, Numbers> = { ...sites };
        const before = beforeLeaks(report);
        if (before && sites.leaked_bytes)
            Object.assign(sums, { before_leaked_bytes: before, change_bytes: difference(sites.leaked_bytes, before) });
        sheet = sheetFrom(report, "sites", "Every call stack that allocated, over the whole recording.", sums);
        wholeSheets.set(sites, sheet);
    }
    return sheet;
}

function beforeLeaks(report: Report): Float64Array | null {
    const before = report.before?.sites;
    if (!before?.leaked_bytes || !report.sites)
        return null;
    const byStack = new Map<number, number>();
    before.stack.forEach((stack, i) => byStack.set(stack, (byStack.get(stack) ?? 0) + before.leaked_bytes[i]));
    return Float64Array.from(report.sites.stack, (stack) => byStack.get(stack) ?? 0);
}
