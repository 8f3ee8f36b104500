// bars: a small chart of columns above a table of classes: sizes, lifetimes.
import { tableOf } from "../data/report";
import type { Report } from "../data/report";
import type { Numbers } from "../data/report";
import { axis, count, duration, shortCount, tinyBytes, tinyCount } from "../data/format";
import type { Range } from "../data/range";
import { numbersOf, sheetOf, valuesOf, type Sheet } from "../data/sheet";
import { SideTable, sourceOf, TableView } from "./table";
import { BESIDE, type Tab } from "./tabs";

const MANY = 14;

interface Column { name: string; value: number; text: string }

function Columns(props: { title: string; columns: Column[]; kind: string }) {
    const largest = Math.max(1e-300, ...props.columns.map((column) => column.value));
    return (
        <figure class="columns-chart">
            <figcaption>{props.title}</figcaption>
            <div class={`bars ${props.columns.length > MANY ? "many" : ""}`} role="img" aria-label={`${props.title}: ${props.columns.map((column) => `${column.name}: ${column.text}`).join("; ")}`}>
                {props.columns.map((column) => (
                    <div class="bar" key={column.name} title={`${column.name}: ${column.text}`}>
                        <span class="bar-value">{column.text}</span>
                        <span class="bar-track"><span class={`bar-fill ${props.kind}`} style={{ height: `${column.value / largest * 100}%` }} /></span>
                        <span class="bar-name">{column.name}</span>
                    </div>
                ))}
            </div>
        </figure>
    );
}

function sizeColumns(sheet: Sheet, name: string, text: (value: number) => string): Column[] {
    const values = numbersOf(sheet, name) ?? numbersOf(sheet, name.replace("allocations", "allocated_count")) ?? [];
    const from = numbersOf(sheet, "from_bytes");
    const named = valuesOf(sheet, "size") as string[] | null;
    return Array.from(values, (value, i) => ({ from: from ? from[i] : i, name: from ? tinyBytes(from[i]) : named?.[i]?.split(" – ")[0] ?? "", value, text: text(value) }))
        .sort((a, b) => a.from - b.from);
}

/** Blocks by their lifetime, in the classes of the table ages. */
function ageColumns(sheet: Sheet, tick: number): Column[] {
    const from = numbersOf(sheet, "from_ns"), to = numbersOf(sheet, "to_ns"), ended = numbersOf(sheet, "ended");
    if (!from || !to || !ended)
        return [];
    return Array.from(ended, (value, i) => ({ name: from[i] > 0 ? axis(duration(from[i])) : `< ${axis(duration(Math.max(to[i], tick)))}`, value, text: tinyCount(value) }));
}

/** Sites by their median lifetime, in powers of ten. */
function lifeColumns(sheet: Sheet): Column[] {
    const life: Numbers = numbersOf(sheet, "median_ns") ?? [], ended = numbersOf(sheet, "ended") ?? [];
    const sums = new Map<number, number>();
    for (let i = 0; i < life.length; i++) {
        const power = life[i] > 0 ? Math.floor(Math.log10(life[i]) + 1e-9) : 4;
        sums.set(power, (sums.get(power) ?? 0) + ended[i]);
    }
    const powers = [...sums.keys()];
    if (powers.length === 0)
        return [];
    const low = Math.min(...powers), high = Math.max(...powers);
    return Array.from({ length: high - low + 1 }, (_, i) => low + i)
        .map((power) => ({ name: `≥ ${axis(duration(10 ** power))}`, value: sums.get(power) ?? 0, text: shortCount(sums.get(power) ?? 0) }));
}

export function ClassesView(props: { report: Report; tab: Tab; range: Range | null }) {
    const { report, tab, range } = props;
    const { sheet } = sourceOf(report, tab, range);
    const ages = tableOf(report, "ages");
    const charts = !sheet || sheet.count === 0 ? null : tab.id === "sizes" ? <div class="pair">
        <Columns title="Allocations by block size" columns={sizeColumns(sheet, "allocations", tinyCount)} kind="calls" />
        <Columns title="Allocated bytes by block size" columns={sizeColumns(sheet, "allocated_bytes", tinyBytes)} kind="allocated" />
    </div> : ages ? <Columns title="Blocks by lifetime" columns={ageColumns(sheetOf(ages), report.trace?.tick_ns ?? 0)} kind="peak" />
        : <Columns title="Blocks by the median lifetime of their site" columns={lifeColumns(sheet)} kind="peak" />;
    const short = tab.id === "sizes";
    const beside = range || !short ? [] : BESIDE[tab.id] ?? [];
    return (
        <div class={short ? "scrolls" : "fills"}>
            <TableView report={report} tab={tab} range={range} short={short} above={charts} />
            {beside.map((name) => <SideTable key={name} report={report} name={name} />)}
            {short && sheet && <p class="foot">{count(sheet.count)} classes of sizes.</p>}
        </div>
    );
}
