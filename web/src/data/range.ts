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

/** The columns that the cells have, and for each cell the sums of all cells before it, column by column: what a member did in a range is one subtraction of
 * two lines of memory. Exact, since they are whole numbers below 2^53. */
interface Running { names: string[]; sums: Float64Array }

const runningCache = new WeakMap<Cells, Running>();

function runningOf(cells: Cells): Running {
    let running = runningCache.get(cells);
    if (!running) {
        const names = CELL_COLUMNS.filter((name) => cells[name]);
        const columns = names.map((name) => cells[name]);
        const wide = names.length;
        const sums = new Float64Array((cells.slice.length + 1) * wide);
        for (let at = 0, place = wide; at < cells.slice.length; at++)
            for (let column = 0; column < wide; column++, place++)
                sums[place] = sums[place - wide] + columns[column][at];
        runningCache.set(cells, running = { names, sums });
    }
    return running;
}

/** Makes the running sums while nothing else is to do, so that the first range is as quick as the next. */
export function warmRanges(report: Report): void {
    const waiting = [report.slices?.threads, report.slices?.sizes, report.slices?.sites].filter((cells) => cells !== undefined);
    const next = () => {
        const cells = waiting.shift();
        if (cells)
            runningOf(cells);
        if (waiting.length > 0)
            requestIdleCallback(next);
    };
    requestIdleCallback(next);
}

/** For each member its first cell at or behind a slice. */
function cellsFrom(cells: Cells, slice: number): Uint32Array {
    const { first } = cells;
    const places = new Uint32Array(first.length - 1);
    if (slice <= 0) {
        for (let member = 0; member < places.length; member++)
            places[member] = first[member];
        return places;
    }
    for (let member = 0; member < places.length; member++) {
        let low = first[member], high = first[member + 1];
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

/** What each member (site, thread, size class) did in a range; columns are made when they are asked for. */
export class RangeSums {
    readonly names: string[];
    private readonly from: Uint32Array;
    private readonly to: Uint32Array;
    private readonly sums: Float64Array;
    private readonly columns = new Map<string, Float64Array>();

    constructor(cells: Cells, range: Range) {
        const { names, sums } = runningOf(cells);
        this.names = names;
        this.sums = sums;
        this.from = cellsFrom(cells, range.from);
        this.to = cellsFrom(cells, range.to);
    }

    /** Of one member; undefined when the document does not have the column. */
    one(name: string, member: number): number | undefined {
        const column = this.names.indexOf(name), wide = this.names.length;
        return column < 0 ? undefined : this.sums[this.to[member] * wide + column] - this.sums[this.from[member] * wide + column];
    }

    /** Of all members, by their number. */
    column(name: string): Float64Array | undefined {
        let values = this.columns.get(name);
        if (!values && this.names.includes(name))
            this.columns.set(name, values = this.take(this.names.indexOf(name)));
        return values;
    }

    private take(column: number): Float64Array {
        const { from, to, sums } = this;
        const wide = this.names.length;
        const values = new Float64Array(from.length);
        for (let member = 0; member < values.length; member++)
            values[member] = sums[to[member] * wide + column] - sums[from[member] * wide + column];
        return values;
    }

    total(name: string): number {
        return this.column(name)?.reduce((sum, value) => sum + value, 0) ?? 0;
    }

    /** The members that did anything at all. */
    busy(): Uint32Array {
        const { from, to } = this;
        const members = new Uint32Array(from.length);
        let count = 0;
        for (let member = 0; member < from.length; member++)
            if (to[member] > from[member])
                members[count++] = member;
        return members.subarray(0, count);
    }

    /** All columns of some members, in one pass over them, in columns that are given. */
    rows(members: Uint32Array, columns: Float64Array[]): Sums {
        const { from, to, sums } = this;
        const wide = this.names.length;
        for (let row = 0; row < members.length; row++) {
            const begin = from[members[row]] * wide, end = to[members[row]] * wide;
            for (let column = 0; column < wide; column++)
                columns[column][row] = sums[end + column] - sums[begin + column];
        }
        return Object.fromEntries(this.names.map((name, column) => [name, columns[column]]));
    }
}

const cache = new WeakMap<Cells, { key: string; sums: RangeSums }>();

export function sumCells(cells: Cells, range: Range): RangeSums {
    const key = `${range.from}-${range.to}`;
    let known = cache.get(cells);
    if (known?.key !== key)
        cache.set(cells, known = { key, sums: new RangeSums(cells, range) });
    return known.sums;
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

function difference(a: Numbers, b: Numbers, values: Float64Array = new Float64Array(a.length)): Float64Array {
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

function withGrowth(sums: Sums, room: () => Float64Array): Sums {
    const full: Sums = { ...sums };
    if (sums.allocated_bytes && sums.freed_bytes)
        full.growth_bytes = difference(sums.allocated_bytes, sums.freed_bytes, room());
    if (sums.allocated_count && sums.freed_count)
        full.growth_count = difference(sums.allocated_count, sums.freed_count, room());
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

/** `sums` are those of the members `rows`. */
function sheetFrom(report: Report, group: Group, about: string, rows: Uint32Array, sums: Record<string, Numbers>): Sheet {
    const subject = subjectOf(report, group);
    const present = ORDER.filter((name) => sums[name]);
    const take = (values: Numbers | string[]) => typeof values[0] === "string" ? Array.from(rows, (row) => (values as string[])[row]) : gather(values as Numbers, rows);
    const columns = [...subject.columns, ...present.map(describe)];
    const values = [...subject.values.map(take), ...present.map((name) => sums[name])];
    const sheet = makeSheet({ name: group, title: TITLES[group], about }, columns, values, rows.length);
    sheet.additive = new Set(present.filter((name) => !name.endsWith("_ns")));
    return sheet;
}

/** Columns for the sheet of a range, in the memory of the sheet before the last one: to get and clear new memory takes longer than to fill it. */
class Rooms {
    private readonly memory = [new Float64Array(), new Float64Array()];
    private turn = 0;

    columns(rows: number, most: number): () => Float64Array {
        this.turn = 1 - this.turn;
        if (this.memory[this.turn].length < rows * most)
            this.memory[this.turn] = new Float64Array(rows * most);
        const memory = this.memory[this.turn];
        let used = 0;
        return () => memory.subarray(used, used += rows);
    }
}

const rooms = new WeakMap<Cells, Rooms>();

function roomsOf(cells: Cells): Rooms {
    let known = rooms.get(cells);
    if (!known)
        rooms.set(cells, known = new Rooms());
    return known;
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
    const sums = sumCells(cells, range), rows = sums.busy();
    const room = roomsOf(cells).columns(rows.length, sums.names.length + 2);
    const sheet = sheetFrom(report, group, about, rows, withGrowth(sums.rows(rows, sums.names.map(room)), room));
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
        const present = ORDER.filter((name) => sums[name]);
        const rows = busyMembers(sites.stack.length, present.map((name) => sums[name]));
        sheet = sheetFrom(report, "sites", "Every call stack that allocated, over the whole recording.", rows, Object.fromEntries(present.map((name) => [name, gather(sums[name], rows)])));
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
