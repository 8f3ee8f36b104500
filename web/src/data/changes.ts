// changes: in the tables that compare with an earlier recording, out sheets of them and the amounts that matter most.
import type { Report, Table } from "./report";
import { cell } from "./format";
import { sheetOf, type Sheet } from "./sheet";

const cache = new WeakMap<Table, Table>();

/** What a row is about first, then its verdict, then its amounts. */
function inOrder(table: Table): Table {
    let known = cache.get(table);
    if (!known) {
        const columns = [...table.columns];
        columns.sort((a, b) => rank(a.name) - rank(b.name));
        cache.set(table, known = { ...table, columns });
    }
    return known;
}

const AMOUNT = /_(change|before|after)$/;

function rank(name: string): number {
    return AMOUNT.test(name) ? 2 : name === "verdict" ? 1 : 0;
}

/** The tables in which anything differs. */
export function changedTables(report: Report): Table[] {
    return report.before?.changes?.filter((table) => table.rows.length > 0 && table.name !== "summary") ?? [];
}

export function changesSheet(table: Table): Sheet {
    return sheetOf(inOrder(table));
}

const AMOUNTS = 3;

/** As many amounts as fit a window, each with what it was and is. */
export function usualColumns(sheet: Sheet): string[] {
    const keys = sheet.columns.filter((column) => !AMOUNT.test(column.name)).map((column) => column.name);
    const changed = sheet.columns.filter((column) => column.name.endsWith("_change") && !/share/.test(column.name)).slice(0, AMOUNTS).map((column) => column.name.slice(0, -"_change".length));
    return [...keys, ...changed.flatMap((name) => [`${name}_change`, `${name}_before`, `${name}_after`])];
}

export interface Amount { name: string; title: string; before: string; after: string; change: string; grew: boolean }

const SUMMARY = ["peak_bytes", "leaked_bytes", "leaked_count", "allocated_bytes", "allocations", "duration_ns"];

/** The figures of the whole run, then and now. */
export function changedAmounts(report: Report): Amount[] {
    const table = report.before?.changes?.find((each) => each.name === "summary");
    const row = table?.rows[0];
    if (!table || !row)
        return [];
    return SUMMARY.flatMap((name) => {
        const columnOf = (end: string) => table.columns.find((column) => column.name === `${name}_${end}`);
        const told = (end: string) => { const column = columnOf(end); return column ? cell(row[column.name], column.kind, column.unit) : ""; };
        const change = row[`${name}_change`];
        if (!columnOf("before") || typeof change !== "number")
            return [];
        const plus = columnOf("change")!.kind === "real" && change > 0 ? "+" : "";
        return [{ name, title: columnOf("before")!.title.replace(/, before$/, ""), before: told("before"), after: told("after"), change: plus + told("change"), grew: change > 0 }];
    });
}
