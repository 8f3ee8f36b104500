// sheet: one shape for every table that the page shows: columns of numbers or texts, however many rows; sorted and filtered by index.
import type { Column, Numbers, Report, Table } from "./report";
import { matchStacks, namesOf, stackName, type Names } from "./names";

export type Values = Numbers | (string | null)[];

export interface Sheet {
    name: string;
    title: string;
    about: string;
    note: string;
    columns: Column[];
    values: Values[];
    count: number;
    /** Place of the stack column, or -1. */
    stackColumn: number;
    /** The column whose size the rows are judged by. */
    lead: string;
    /** What these rows are the parts of: rows of one shape. */
    additive: Set<string>;
    series: boolean;
}

export interface Sort { column: string; down: boolean }

/** What is saved: the larger the better, and each by itself. */
export const GAIN = /saved|avoided/;
const NEVER_SUMMED = /saved|avoided|peak|own|largest|longest|oldest|newest|mean|median|p90|size|from_|to_|_low|low_|high|under_|one_thread|^kind$|module|clock|factor|chain|^begin_|^end_|^first_bad$|^block_|^value$|^threshold$|least_/;

function isAdditive(column: Column): boolean {
    return /bytes|count/.test(column.kind) && column.unit !== "id" && column.unit !== "Hz" && !NEVER_SUMMED.test(column.name);
}

function columnValues(table: Table, column: Column): Values {
    const raw = table.rows.map((row) => row[column.name]);
    if (raw.every((value) => typeof value === "number"))
        return Float64Array.from(raw as number[]);
    if (column.kind !== "text" && column.kind !== "address")
        return Float64Array.from(raw, (value) => typeof value === "number" ? value : NaN);
    return raw.map((value) => value === null || value === undefined ? null : String(value));
}

/** The column that the rows came ordered by, largest first; nothing else says what a table is about. */
function orderedBy(columns: Column[], values: Values[], count: number): string | undefined {
    return columns.find((column, at) => {
        const numbers = values[at] as Numbers;
        if (!/bytes|count|duration/.test(column.kind) || column.unit === "id" || !(numbers[0] > numbers[count - 1]))
            return false;
        for (let i = 1; i < count; i++)
            if (!(numbers[i] <= numbers[i - 1]))
                return false;
        return true;
    })?.name;
}

export function makeSheet(base: Pick<Sheet, "name" | "title" | "about"> & Partial<Sheet>, columns: Column[], values: Values[], count: number): Sheet {
    const summed = columns.filter(isAdditive);
    return {
        note: "", series: false, columns, values, count,
        stackColumn: columns.findIndex((column) => column.kind === "stack"),
        lead: (summed.find((column) => /bytes/.test(column.kind)) ?? summed[0] ?? columns.find((column) => /bytes|count|duration/.test(column.kind)) ?? columns[0]).name,
        additive: new Set(summed.map((column) => column.name)),
        ...base,
    };
}

const cache = new WeakMap<Table, Sheet>();

export function sheetOf(table: Table): Sheet {
    let sheet = cache.get(table);
    if (!sheet) {
        const columns = table.columns.filter((column) => column.kind !== "frame");
        const values = columns.map((column) => columnValues(table, column));
        const lead = table.shape === "rows" ? orderedBy(columns, values, table.rows.length) : undefined;
        sheet = makeSheet({ name: table.name, title: table.title, about: table.about, note: table.note, series: table.shape === "series", ...(lead && { lead }) }, columns, values, table.rows.length);
        if (table.shape !== "rows")
            sheet.additive = new Set(table.shape === "map" ? sheet.additive : []);
        cache.set(table, sheet);
    }
    return sheet;
}

/** The sheet with these columns alone; what its rows are called by stays. */
export function chosenSheet(sheet: Sheet, names: string[]): Sheet {
    const key = Math.max(0, sheet.stackColumn);
    const places = sheet.columns.map((_, at) => at).filter((at) => at === key || names.includes(sheet.columns[at].name));
    if (names.length === 0 || places.length === sheet.columns.length)
        return sheet;
    return { ...sheet, columns: places.map((at) => sheet.columns[at]), values: places.map((at) => sheet.values[at]), stackColumn: sheet.stackColumn < 0 ? -1 : places.indexOf(sheet.stackColumn) };
}

export function valuesOf(sheet: Sheet, name: string): Values | null {
    const at = sheet.columns.findIndex((column) => column.name === name);
    return at < 0 ? null : sheet.values[at];
}

export function numbersOf(sheet: Sheet, name: string): Numbers | null {
    const values = valuesOf(sheet, name);
    return values && values.length > 0 && typeof values[0] !== "number" ? null : values as Numbers | null;
}

/** Places of the rows that have the text in a stack or a text column. */
export function filterRows(report: Report, sheet: Sheet, text: string): Uint32Array {
    const wanted = text.trim().toLowerCase();
    if (wanted === "")
        return allRows(sheet.count);
    const rows = new Uint32Array(sheet.count);
    let kept = 0;
    const hits = sheet.stackColumn >= 0 ? matchStacks(namesOf(report), wanted) : null;
    const stacks = sheet.stackColumn >= 0 ? sheet.values[sheet.stackColumn] as Numbers : [];
    const texts = sheet.values.filter((values) => values.length > 0 && typeof values[0] !== "number") as (string | null)[][];
    for (let i = 0; i < sheet.count; i++)
        if ((hits && hits[stacks[i]]) || texts.some((values) => values[i]?.toLowerCase().includes(wanted)))
            rows[kept++] = i;
    return rows.subarray(0, kept);
}

/** The values at some places; a loop, since typed arrays' own from() is ten times slower. */
export function gather(values: Numbers, places: Uint32Array): Float64Array {
    const taken = new Float64Array(places.length);
    for (let i = 0; i < places.length; i++)
        taken[i] = values[places[i]];
    return taken;
}

let counted = countUp(1024);

/** The rows of a sheet as they come; never written to. */
function allRows(count: number): Uint32Array {
    if (counted.length < count)
        counted = countUp(count * 2);
    return counted.subarray(0, count);
}

function areAll(rows: Uint32Array): boolean {
    return rows.buffer === counted.buffer;
}

function countUp(length: number): Uint32Array<ArrayBuffer> {
    const places = new Uint32Array(length);
    for (let i = 0; i < length; i++)
        places[i] = i;
    return places;
}

function textKeys(texts: (string | null)[], rows: Uint32Array): Float64Array {
    const order = [...new Set(Array.from(rows, (row) => texts[row] ?? ""))].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
    const rank = new Map(order.map((text, i) => [text, i]));
    return Float64Array.from(rows, (row) => rank.get(texts[row] ?? "")!);
}

const rankCache = new WeakMap<Names, Float64Array>();

function stackRanks(names: Names): Float64Array {
    let ranks = rankCache.get(names);
    if (!ranks) {
        const texts = names.functions.map((entry) => entry.name);
        const rank = textKeys(texts, Uint32Array.from(texts, (_, i) => i));
        ranks = Float64Array.from(names.own, (own) => own > 0 ? rank[names.functionOf[names.stacks.frame[own]]] : -1);
        rankCache.set(names, ranks);
    }
    return ranks;
}

function sortKeys(report: Report, sheet: Sheet, at: number, rows: Uint32Array): Float64Array {
    const values = sheet.values[at];
    if (at === sheet.stackColumn) {
        const ranks = stackRanks(namesOf(report));
        return gather(ranks, Uint32Array.from(gather(values as Numbers, rows)));
    }
    if (sheet.columns[at].kind === "address" && typeof values[0] === "string")
        return Float64Array.from(rows, (row) => Number((values as string[])[row]));
    if (values.length > 0 && typeof values[0] !== "number")
        return textKeys(values as (string | null)[], rows);
    return areAll(rows) && values instanceof Float64Array ? values : gather(values as Numbers, rows);
}

const starts = new Uint32Array(65537);

/** Stable counting sort by one 16-bit digit of the keys; false where they all have the same, and nothing was done. */
function sortDigit(keys: Uint16Array, place: number, from: Uint32Array, to: Uint32Array): boolean {
    starts.fill(0);
    for (let i = 0; i < from.length; i++)
        starts[keys[from[i] * 4 + place] + 1]++;
    if (from.length === 0 || starts[keys[from[0] * 4 + place] + 1] === from.length)
        return false;
    for (let i = 0; i < 65536; i++)
        starts[i + 1] += starts[i];
    for (let i = 0; i < from.length; i++)
        to[starts[keys[from[i] * 4 + place]]++] = from[i];
    return true;
}

/** What sorting needs for a moment, kept from one time to the next. */
let spare = { keys: new Float64Array(), order: new Uint32Array() };

/** Keys whose bits, as whole numbers, are in the wanted order. Missing numbers come last either way. */
function sortableBits(keys: Float64Array, down: boolean): Uint16Array {
    const missing = down ? -Infinity : Infinity;
    const sane = spare.keys.subarray(0, keys.length);
    for (let i = 0; i < keys.length; i++)
        sane[i] = Number.isNaN(keys[i]) ? missing : keys[i] + 0;
    const words = new Uint32Array(sane.buffer, 0, keys.length * 2);
    for (let i = 0; i < words.length; i += 2) {
        const negative = words[i + 1] >>> 31 === 1;
        const flip = negative !== down ? 0xffffffff : 0;
        words[i] ^= flip;
        words[i + 1] ^= negative ? flip : flip ^ 0x80000000;
    }
    return new Uint16Array(sane.buffer, 0, keys.length * 4);
}

/** Order of the keys by their bits: a comparing sort of 100 k rows takes longer than a frame. */
export function orderOf(keys: Float64Array, down: boolean): Uint32Array {
    if (spare.order.length < keys.length)
        spare = { keys: new Float64Array(keys.length * 2), order: new Uint32Array(keys.length * 2) };
    const digits = sortableBits(keys, down);
    const order = countUp(keys.length);
    let from: Uint32Array = order, to: Uint32Array = spare.order.subarray(0, keys.length);
    for (let place = 0; place < 4; place++)
        if (sortDigit(digits, place, from, to))
            [from, to] = [to, from];
    if (from !== order)
        order.set(from);
    return order;
}

export function sortRows(report: Report, sheet: Sheet, rows: Uint32Array, sort: Sort | null): Uint32Array {
    const at = sort ? sheet.columns.findIndex((column) => column.name === sort.column) : -1;
    if (!sort || at < 0)
        return rows;
    const order = orderOf(sortKeys(report, sheet, at, rows), sort.down);
    for (let i = 0; i < order.length && !areAll(rows); i++)
        order[i] = rows[order[i]];
    return order;
}

/** Sums of the additive columns over some rows, by column name. */
export function sumRows(sheet: Sheet, rows: Uint32Array): Map<string, number> {
    const sums = new Map<string, number>();
    sheet.columns.forEach((column, at) => {
        if (!sheet.additive.has(column.name))
            return;
        const values = sheet.values[at] as Numbers;
        let sum = 0;
        for (let i = 0; i < rows.length; i++)
            sum += values[rows[i]] || 0;
        sums.set(column.name, sum);
    });
    return sums;
}

/** What a row is called where there is room for one name. */
export function rowName(report: Report, sheet: Sheet, row: number): string {
    if (sheet.stackColumn >= 0)
        return stackName(namesOf(report), (sheet.values[sheet.stackColumn] as Numbers)[row]);
    const named = sheet.columns.findIndex((column) => column.kind === "text" && /name|command|label|path/.test(column.name));
    const value = sheet.values[named < 0 ? 0 : named][row];
    return value === null || value === "" ? String(sheet.values[0][row]) : String(value);
}
