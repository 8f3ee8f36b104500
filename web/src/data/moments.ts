// moments: in the columns of a document, out the maps of memory at some times of the run, as tables whose rows are made when somebody looks; and what the run had come to by then.
import { firstRow, numberOf, type Column, type MomentMap, type Report, type Table } from "./report";
import { sliceBegin } from "./range";

export interface Then { time_ns: number; table: Table }

const COLUMNS: [string, string][] = [["start", "address"], ["end", "address"], ["bytes", "bytes"], ["live_bytes", "bytes"], ["process", "count"]];
const hex = (address: number) => `0x${address.toString(16)}`;

class MomentTable implements Table {
    readonly title = "Memory then";
    readonly about = "";
    readonly shape = "map";
    readonly note = "";
    readonly columns: Column[] = COLUMNS.map(([name, kind]) => ({ name, kind, title: name, unit: "", about: "" }));
    private made: Table["rows"] | null = null;

    constructor(readonly name: string, private readonly map: MomentMap, private readonly at: number) {}

    get rows(): Table["rows"] {
        return this.made ??= this.make();
    }

    private make(): Table["rows"] {
        const { map } = this, size = map.cell_bytes;
        const value = (column: number[], i: number) => column.length === 1 ? column[0] : column[i] ?? 0;
        const rows: Table["rows"] = [];
        for (let i = map.first[this.at], cell = 0, last = -1; i < map.first[this.at + 1]; i++) {
            const process = value(map.process, i), cells = value(map.cells, i);
            cell = (process === last ? cell : 0) + value(map.skip, i);
            last = process;
            rows.push({ start: hex(cell * size), end: hex((cell + cells) * size), bytes: cells * size, live_bytes: value(map.live_bytes, i), process });
            cell += cells;
        }
        return rows;
    }
}

const cache = new WeakMap<Table, { report: Report; all: Then[] }>();

/** The map of that name at the times that the document has, and last, exactly, the table of its end. */
export function momentsOf(report: Report, table: Table, name = table.name): Then[] {
    const { moments } = report;
    const known = cache.get(table);
    if (known?.report === report)
        return known.all;
    const end = numberOf(firstRow(report, "summary").duration_ns);
    const map = moments?.maps?.find((each) => each.table === name && each.first.length > moments.time_ns.length);
    const then = map ? moments!.time_ns.flatMap((time_ns, at) => time_ns < end && map.first[at + 1] > map.first[at] ? [{ time_ns, table: new MomentTable(name, map, at) }] : []) : [];
    const all = [...then, { time_ns: end, table }];
    cache.set(table, { report, all });
    return all;
}

export interface Figures { live_bytes: number; live_count: number; allocated_bytes: number; allocated_count: number; freed_count: number; growth_bytes_s: number }

/** At the end of the slice that ends nearest to a time; null where the document has no slices. */
export function figuresAt(report: Report, time_ns: number): Figures | null {
    const { slices } = report;
    if (!slices?.live_bytes || slices.count < 1)
        return null;
    const at = Math.max(0, Math.min(slices.count, Math.round((time_ns - sliceBegin(slices, 0)) / slices.width_ns)) - 1);
    const until = (column: number[] | undefined) => column?.slice(0, at + 1).reduce((sum, value) => sum + value, 0) ?? 0;
    return {
        live_bytes: slices.live_bytes[at], live_count: slices.live_count?.[at] ?? 0, allocated_bytes: until(slices.allocated_bytes), allocated_count: until(slices.allocated_count),
        freed_count: until(slices.freed_count), growth_bytes_s: (slices.live_bytes[at] - (at > 0 ? slices.live_bytes[at - 1] : 0)) / slices.width_ns * 1e9,
    };
}
