// recall: in one document after another, out the maps of memory that they had, for looking back: bounded, the older the sparser.
import type { Then } from "./moments";
import type { Report, Table } from "./report";
import { firstRow, numberOf, tableOf } from "./report";

export interface Moment { time_ns: number; tables: Table[] }

const MAPS = ["heap_map", "region_map", "page_map"];
const MOST_ROWS = 250000;
const MOST_MOMENTS = 240;

export class Recall {
    moments: Moment[] = [];

    take(report: Report): void {
        const time_ns = numberOf(firstRow(report, "summary").duration_ns);
        const tables = MAPS.flatMap((name) => { const table = tableOf(report, name); return table && table.rows.length > 0 ? [table] : []; });
        const last = this.moments[this.moments.length - 1];
        if (last && time_ns < last.time_ns)
            this.moments = [];
        else if (last?.time_ns === time_ns)
            this.moments.pop();
        this.moments = [...this.moments, { time_ns, tables }];
        while (this.moments.length > 2 && (this.moments.length > MOST_MOMENTS || this.rows() > MOST_ROWS))
            this.moments = this.moments.filter((_, i) => i % 2 === 0 || i === this.moments.length - 1);
    }

    private rows(): number {
        return this.moments.reduce((sum, moment) => sum + moment.tables.reduce((rows, table) => rows + table.rows.length, 0), 0);
    }

    /** The moments at which a table had rows. */
    of(name: string): Then[] {
        return this.moments.flatMap(({ time_ns, tables }) => tables.filter((table) => table.name === name).map((table) => ({ time_ns, table })));
    }
}
