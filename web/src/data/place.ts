// place: in what is looked at in one document, out the same in a newer one, where stacks, functions and slices have other numbers.
import type { Report } from "./report";
import { frameOf, namesOf, walk, type Names } from "./names";
import { sliceAt, sliceBegin } from "./range";
import type { View } from "./route";
import type { Sheet } from "./sheet";

const frameKey = (names: Names, stack: number): string => {
    const frame = frameOf(names, stack);
    return frame ? `${frame.module}\n${frame.function}\n${frame.file}:${frame.line}` : "";
};

/** The stacks with these frames, outermost first: more than one where calls differ by what no frame tells. */
function stacksWith(names: Names, keys: string[]): number[] {
    const { parent } = names.stacks;
    const deep = new Uint16Array(parent.length);
    const found: number[] = [];
    for (let i = 1; i < parent.length; i++) {
        const above = parent[i] > 0 ? deep[parent[i]] : 0;
        if ((parent[i] > 0 && above === 0) || frameKey(names, i) !== keys[above])
            continue;
        deep[i] = above + 1;
        if (deep[i] === keys.length)
            found.push(i);
    }
    return found;
}

/** The stack of the newer document with the same frames, or 0. */
export function sameStack(from: Report, to: Report, stack: number): number {
    const old = namesOf(from);
    const keys = walk(old, stack).reverse().map((node) => frameKey(old, node));
    const found = stacksWith(namesOf(to), keys);
    return found[Math.max(0, stacksWith(old, keys).indexOf(stack))] ?? found[0] ?? 0;
}

/** The functions of the newer document by those names, as far as it has them. */
export function sameFunctions(from: Report, to: Report, path: number[]): number[] {
    const old = namesOf(from).functions, functions = namesOf(to).functions;
    const found = path.map((func) => functions.findIndex((each) => each.name === old[func]?.name && each.module === old[func].module));
    const missing = found.indexOf(-1);
    return missing < 0 ? found : found.slice(0, missing);
}

interface Place { report: Report; sheet: Sheet }

/** What a row is called by: its texts, addresses and ids, or, without any, its first cell. */
function rowKey(sheet: Sheet, row: number): string {
    const named = sheet.columns.flatMap((column, i) => ["text", "address"].includes(column.kind) || column.unit === "id" ? [sheet.values[i][row]] : []);
    return String(named.length > 0 ? named : sheet.values[0]?.[row]);
}

/** The row of another sheet that tells about the same, or -1. */
export function sameRow(from: Place & { row: number }, to: Place): number {
    if (from.sheet === to.sheet)
        return from.row;
    if (from.sheet.stackColumn >= 0 && to.sheet.stackColumn >= 0) {
        const stack = from.sheet.values[from.sheet.stackColumn][from.row] as number;
        const wanted = from.report === to.report ? stack : sameStack(from.report, to.report, stack);
        return Array.prototype.indexOf.call(to.sheet.values[to.sheet.stackColumn], wanted);
    }
    const key = rowKey(from.sheet, from.row);
    for (let row = 0; row < to.sheet.count; row++)
        if (rowKey(to.sheet, row) === key)
            return row;
    return -1;
}

export interface Times { from: number; to: number }

export function timesOf(report: Report, range: View["range"]): Times | null {
    return range && report.slices ? { from: sliceBegin(report.slices, range.from), to: sliceBegin(report.slices, range.to) } : null;
}

/** Those slices of the newer document that lie nearest. */
export function rangeAt(report: Report, times: Times | null): View["range"] {
    const slices = report.slices;
    if (!times || !slices || slices.count < 1)
        return null;
    const from = Math.min(slices.count - 1, sliceAt(slices, times.from));
    return { from, to: Math.max(from + 1, sliceAt(slices, times.to)) };
}

export function keepPlace(view: View, from: Report, to: Report, times: Times | null): View {
    return {
        ...view, range: rangeAt(to, times),
        stack: view.stack > 0 ? sameStack(from, to, view.stack) : 0,
        zoom: view.zoom.length > 0 ? sameFunctions(from, to, view.zoom) : view.zoom,
    };
}
