// stretches: in the rows of a map table, out columns of what lies where, by process and address, and what one of them is in words.
import type { Numbers, Report, Table } from "./report";
import { firstRow, numberOf } from "./report";
import { bytes, duration, plural, ratio } from "./format";
import { namesOf, stackName, stackPlace } from "./names";
import { numbersOf, orderOf, sheetOf, valuesOf, type Sheet } from "./sheet";

/** Columns, ordered by process and address. */
export interface Stretches { count: number; address: Numbers; bytes: Numbers; live: Numbers; process: Numbers; row: Numbers }

const cache = new WeakMap<Table, Stretches>();

/** `only`: of the rows that it wants. Used bytes are live ones where a table says no more than used or free. */
function makeStretches(sheet: Sheet, only: ((row: number) => boolean) | null): Stretches {
    const starts = (valuesOf(sheet, "start") ?? valuesOf(sheet, "address")) as string[] | null, sizes = numbersOf(sheet, "bytes") ?? numbersOf(sheet, "size_bytes");
    const live = numbersOf(sheet, "live_bytes"), state = valuesOf(sheet, "state") as string[] | null, process = numbersOf(sheet, "process");
    const rows: number[] = [];
    for (let row = 0; starts && sizes && row < sheet.count; row++)
        if (sizes[row] > 0 && Number.isFinite(sizes[row]) && Number.isFinite(Number(starts[row])) && (!only || only(row)))
            rows.push(row);
    const address = Float64Array.from(rows, (row) => Number(starts![row]));
    const byAddress = orderOf(address, false);
    const order = process ? Uint32Array.from(orderOf(Float64Array.from(byAddress, (i) => process[rows[i]] || 0), false), (i) => byAddress[i]) : byAddress;
    const take = (values: (i: number) => number) => Float64Array.from(order, values);
    const filled = (row: number) => state ? (state[row] === "used" ? sizes![row] : 0) : live ? live[row] : sizes![row];
    return {
        count: rows.length, address: take((i) => address[i]), bytes: take((i) => sizes![rows[i]]), live: take((i) => filled(rows[i])), process: take((i) => process?.[rows[i]] || 0), row: take((i) => rows[i]),
    };
}

export function stretchesOf(table: Table): Stretches {
    let stretches = cache.get(table);
    if (!stretches)
        cache.set(table, stretches = makeStretches(sheetOf(table), null));
    return stretches;
}

/** Those of one region of a firmware. */
export function stretchesWhere(table: Table, only: (row: Record<string, unknown>) => boolean): Stretches {
    return makeStretches(sheetOf(table), (row) => only(table.rows[row]));
}

/** Whose it is, where the table tells; 0 is nobody's. */
export function stackAt(table: Table, row: number): number {
    const sheet = sheetOf(table);
    return sheet.stackColumn >= 0 ? (sheet.values[sheet.stackColumn] as Numbers)[row] : 0;
}

export function tellStretch(report: Report, table: Table, row: number): string {
    const sheet = sheetOf(table);
    const value = (name: string) => numbersOf(sheet, name)?.[row];
    const size = value("bytes") ?? value("size_bytes") ?? 0, age = value("age_ns"), live = value("live_bytes"), birth = value("birth_ns"), blocks = value("live_count") ?? value("blocks"), stack = stackAt(table, row);
    const state = (valuesOf(sheet, "state") as string[] | null)?.[row];
    const told = [`${bytes(size)}${state ? ` ${state}` : ""}`];
    if (live !== undefined && state !== "free")
        told.push(`${bytes(live)} live, ${ratio(live / (size || 1))} full`);
    if (blocks !== undefined && blocks > 0)
        told.push(plural(blocks, "block"));
    if (age !== undefined)
        told.push(`${duration(age)} old`);
    else if (birth !== undefined)
        told.push(`${duration(Math.max(0, numberOf(firstRow(report, "summary").duration_ns) - birth))} old`);
    if (stack > 0)
        told.push(`by ${stackName(namesOf(report), stack)} ${stackPlace(namesOf(report), stack)}`);
    return told.join(" · ");
}
