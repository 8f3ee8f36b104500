// table: the view of one table: filtered, sorted, narrowed to the selected time where the document can tell it.
import { useMemo } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Numbers, Report } from "../data/report";
import { tableOf } from "../data/report";
import { cell, count, plural } from "../data/format";
import { rangeSheet, siteSheet, sliceBegin, type Range } from "../data/range";
import { chosenSheet, filterRows, numbersOf, rowName, sheetOf, sortRows, type Sheet, type Sort } from "../data/sheet";
import { store } from "../data/store";
import { bestMetric } from "../data/weights";
import { barsHeight, drawBars } from "../draw/bars";
import { theme } from "../draw/theme";
import { ColumnPicker, Empty, SaveButtons, Search, ViewHead } from "../parts/controls";
import { saveCsv, saveJson, saveSvg } from "../parts/download";
import { Grid } from "../parts/grid";
import { useStore } from "../parts/hooks";
import type { Tab } from "./tabs";

/** Rows of a series that begin in the range. */
export function rowsInRange(report: Report, sheet: Sheet, rows: Uint32Array, range: Range | null): Uint32Array {
    const times = range && report.slices ? numbersOf(sheet, "time_ns") : null;
    if (!times || !range || !report.slices)
        return rows;
    const [from, to] = [sliceBegin(report.slices, range.from), sliceBegin(report.slices, range.to)];
    return rows.filter((row) => times[row] >= from && times[row] < to);
}

interface Source { sheet: Sheet | null; sort: Sort | null; ranged: boolean }

/** The sheet that a tab shows, how it is sorted when nobody asked, and whether it tells about the range alone. */
export function sourceOf(report: Report, tab: Tab, range: Range | null): Source {
    const ranged = range && tab.group ? rangeSheet(report, tab.group, range) : null;
    if (ranged)
        return { sheet: ranged, sort: { column: tab.rangeSort!, down: true }, ranged: true };
    if (!tab.table) {
        const sheet = siteSheet(report);
        const lead = `${bestMetric(report, null, "bytes", null)}_bytes`;
        return { sheet, sort: sheet?.columns.some((column) => column.name === lead) ? { column: lead, down: true } : null, ranged: false };
    }
    const table = tableOf(report, tab.table);
    return { sheet: table && sheetOf(table), sort: null, ranged: Boolean(range && table?.shape === "series") };
}

function saveBars(report: Report, sheet: Sheet, rows: Uint32Array, sort: Sort | null): void {
    const named = sort && numbersOf(sheet, sort.column) ? sort.column : sheet.lead;
    const column = sheet.columns.find((each) => each.name === named)!;
    const values = numbersOf(sheet, named) ?? ([] as Numbers);
    const bars = Array.from(rows.slice(0, 40), (row) => ({ name: rowName(report, sheet, row), value: values[row], text: cell(values[row], column.kind, column.unit) }));
    const title = `${sheet.title}: ${column.title}`;
    saveSvg(report, sheet.name, { width: 960, height: barsHeight(bars), title, about: sheet.about, draw: (painter) => drawBars(painter, bars, title, 960, theme().accent) });
}

/** What a recording needs to hold what an empty table tells. */
const MENDS: Record<string, string> = {
    pages: "Nothing was mapped at the end of the recording, or page maps were not recorded: heaptracer run --maps does.",
    marks: "The program has made no marks: a call of ht_mark, or heaptracer ctl mark, puts one into the recording.",
    leaks: "Every block was freed.",
    realloc: "No block was ever resized.",
};

interface Props {
    report: Report;
    tab: Tab;
    range: Range | null;
    above?: ComponentChildren;
    short?: boolean;
    /** What is shown instead of the tab's own table, and what is said about it. */
    source?: Source;
    about?: string;
    tools?: ComponentChildren;
    /** The columns that are shown when nobody chose any; none: all. */
    usual?: string[];
}

export function TableView(props: Props) {
    const { report, tab, range } = props;
    const { view } = useStore();
    const source = props.source ?? sourceOf(report, tab, range);
    const whole = source.sheet;
    const names = view.columns.length > 0 ? view.columns : props.usual ?? [];
    const sheet = useMemo(() => whole && chosenSheet(whole, names), [whole, names.join()]);
    const rows = useMemo(() => sheet ? rowsInRange(report, sheet, filterRows(report, sheet, view.filter), range) : new Uint32Array(), [report, sheet, view.filter, range?.from, range?.to]);
    if (!sheet)
        return <div class="view"><ViewHead title={tab.title} /><Empty title="This report does not hold that table">It was made without it, or by an older heaptracer.</Empty></div>;
    const sort = view.sort && sheet.columns.some((column) => column.name === view.sort!.column) ? view.sort : source.sort;
    const all = () => sortRows(report, sheet, rows, sort);
    const told = view.filter.trim() || source.ranged ? `${count(rows.length)} of ${count(sheet.count)}` : plural(rows.length, "row");
    const stacks = sheet.stackColumn >= 0 ? sheet.values[sheet.stackColumn] as Numbers : null;
    return (
        <div class={`view table-view ${props.short ? "short" : ""}`}>
            <ViewHead title={tab.title} about={props.about ?? sheet.about}
                saves={sheet.count > 0 && <SaveButtons csv={() => saveCsv(report, sheet, all())} json={() => saveJson(report, sheet, all())} svg={() => saveBars(report, sheet, all(), sort)} />} />
            {props.above}
            {sheet.note && <p class="note">{sheet.note}</p>}
            {range && !source.ranged && <p class="note whole">This table is about the whole recording: it is not kept by time.</p>}
            {sheet.count > 0 && <div class="tools">
                {props.tools}
                <Search label={stacks ? "Filter by function, file or module" : "Filter"} value={view.filter} told={told} onChange={(filter) => store.go({ filter })} />
                <ColumnPicker all={whole!.columns} shown={new Set(sheet.columns.map((column) => column.name))} fixed={whole!.columns[Math.max(0, whole!.stackColumn)].name} onChange={(columns) => store.go({ columns })} />
            </div>}
            {sheet.count === 0 ? <Empty title="Nothing here">{range && source.ranged ? "Nothing of this kind happened in the selected time." : MENDS[tab.id] ?? "The recording holds nothing of this kind."}</Empty>
                : <Grid report={report} sheet={sheet} rows={rows} sort={sort} open={view.stack} short={props.short} whole={view.columns.length > 0} first={source.sort?.column}
                    onSort={(next) => store.go({ sort: next })} onOpen={stacks ? (row) => store.go({ stack: stacks[row] }) : undefined} />}
        </div>
    );
}

/** A table below another one of the same view. */
export function SideTable(props: { report: Report; name: string }) {
    const table = tableOf(props.report, props.name);
    if (!table || table.rows.length === 0)
        return null;
    const sheet = sheetOf(table);
    const rows = filterRows(props.report, sheet, "");
    return (
        <section class="side-table">
            <div class="panel-head"><div><h2>{sheet.title}</h2><p>{sheet.about}</p></div><SaveButtons csv={() => saveCsv(props.report, sheet, rows)} json={() => saveJson(props.report, sheet, rows)} /></div>
            <Grid report={props.report} sheet={sheet} rows={rows.subarray(0, 200)} sort={null} onSort={() => undefined} short />
        </section>
    );
}

