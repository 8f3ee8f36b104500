// regions: the memories of a firmware, each with its use, its course over time and its map; and how full they and the stacks of tasks are, at one glance.
import { useMemo } from "preact/hooks";
import type { Then } from "../data/moments";
import type { Report, Table } from "../data/report";
import { numberOf, tableOf } from "../data/report";
import { bytes, count, ratio } from "../data/format";
import type { Range } from "../data/range";
import { store } from "../data/store";
import { Panel, ViewLink } from "../parts/controls";
import { useTheme } from "../parts/hooks";
import { Plot, type Line } from "../parts/plot";
import { AddressPicture, TimeSlider, useTimes } from "./maps";
import { SideTable, TableView } from "./table";
import { rangeTimes, selectTime } from "./timeline";
import type { Tab } from "./tabs";

type Row = Record<string, unknown>;

const MAP_HEIGHT = 96;

const text = (row: Row, name: string): string => String(row[name] ?? "");
const own = (row: Row) => (other: Row): boolean => other.heap === row.heap && other.process === row.process;

/** How full something is; a bar that changes its colour where it gets tight. */
function Bar(props: { title: string; sub: string; share: number; level: string; said: string; open: () => void }) {
    return (
        <li><button type="button" onClick={props.open}>
            <span class="top-name"><span class="fn">{props.title}</span><span class="place">{props.sub}</span></span>
            <span class="top-value"><strong>{props.said}</strong><span class="muted">{ratio(props.share)}</span></span>
            <span class="top-bar" aria-hidden="true"><span class={props.level} style={{ width: `${Math.min(100, props.share * 100)}%` }} /></span>
        </button></li>
    );
}

function regionLevel(row: Row): string {
    const left = numberOf(row.size_bytes) > 0 ? numberOf(row.least_free_bytes) / numberOf(row.size_bytes) : 1;
    return left < 0.02 ? "critical" : left < 0.1 ? "warn" : "";
}

/** On the overview, for firmware alone: regions and stacks. */
export function MemoryPanel(props: { report: Report }) {
    const regions = tableOf(props.report, "regions")?.rows ?? [], tasks = tableOf(props.report, "tasks")?.rows ?? [];
    const known = regions.filter((row) => (numberOf(row.used_share) > 0 || numberOf(row.free_bytes) > 0) && text(row, "kind") !== "pool");
    const open = (tab: string) => () => store.go({ tab, filter: "", sort: null }, true);
    if (known.length === 0 && tasks.length === 0)
        return null;
    return (
        <div class="pair">
            {known.length > 0 && <Panel title="Regions" about="used at the end; a region that was nearly full is marked" side={<ViewLink tab="regions">All</ViewLink>}>
                <ol class="tops plain wide">{known.map((row, i) => (
                    <Bar key={i} title={text(row, "name")} share={numberOf(row.used_share)} level={regionLevel(row)} said={`${bytes(numberOf(row.free_bytes))} free`} open={open("regions")}
                        sub={`${text(row, "kind")}, ${bytes(numberOf(row.size_bytes))}; fragmentation ${ratio(numberOf(row.fragmentation))}; least free ${bytes(numberOf(row.least_free_bytes))}`} />
                ))}</ol>
            </Panel>}
            {tasks.length > 0 && <Panel title="Stacks" about="most that each task ever used" side={<ViewLink tab="tasks">All</ViewLink>}>
                <ol class="tops plain wide">{tasks.filter((row) => text(row, "level") !== "").slice(0, 8).map((row, i) => (
                    <Bar key={i} title={text(row, "name")} share={numberOf(row.used_share)} level={text(row, "level")} said={`${bytes(numberOf(row.left_bytes))} left`} open={open("tasks")}
                        sub={`of ${bytes(numberOf(row.stack_bytes))}${text(row, "canary") === "broken" ? "; its canary is broken" : ""}`} />
                ))}</ol>
            </Panel>}
        </div>
    );
}

function Course(props: { report: Report; row: Row; range: Range | null }) {
    const { report, row, range } = props;
    const colours = useTheme();
    const rows = useMemo(() => (tableOf(report, "region_timeline")?.rows ?? []).filter(own(row)), [report, row]);
    if (rows.length < 2)
        return null;
    const values = (name: string) => Float64Array.from(rows, (each) => numberOf(each[name]));
    const lines: Line[] = [{ title: "used", values: values("used_bytes"), colour: colours.accent, fill: true, text: bytes }];
    if (rows.some((each) => numberOf(each.free_bytes) > 0))
        lines.push({ title: "free", values: values("free_bytes"), colour: colours.freed, text: bytes });
    if (rows.some((each) => numberOf(each.largest_free_bytes) > 0))
        lines.push({ title: "largest free piece", values: values("largest_free_bytes"), colour: colours.peak, dash: [4, 3], text: bytes });
    return <Plot label={`${text(row, "name")} over time`} height={180} binary times={values("time_ns")} lines={lines} range={rangeTimes(report, range)}
        onRange={(from, to) => selectTime(report, from, to)} />;
}

function figures(row: Row): string {
    const told = [`${bytes(numberOf(row.used_bytes))} used`];
    if (numberOf(row.free_bytes) > 0)
        told.push(`${bytes(numberOf(row.free_bytes))} free, at most ${bytes(numberOf(row.largest_free_bytes))} of it in one piece`, `fragmentation ${ratio(numberOf(row.fragmentation))}`);
    if (numberOf(row.refused) > 0)
        told.push(`${count(numberOf(row.refused))} refused`);
    if (numberOf(row.read_rate) > 0)
        told.push(`read ${bytes(numberOf(row.read_rate) * 1000)}/s, at random ${bytes(numberOf(row.random_read_rate) * 1000)}/s`);
    return told.join(" · ");
}

/** The maps of all regions at some times, and which of them is looked at; null: now. */
interface Past { map: Table; times: Then[]; held: Then | null }

/** Rows of a region: by its heap, or, where a map of the past knows no heaps, by their place. */
function isIn(map: Table, row: Row): (other: Row) => boolean {
    const isOwn = own(row), rows = map.rows.filter(isOwn);
    const from = Math.min(...rows.map((each) => Number(each.start))), to = Math.max(...rows.map((each) => Number(each.end)));
    return (other) => other.heap === undefined ? other.process === row.process && Number(other.start) < to && Number(other.end) > from : isOwn(other);
}

function RegionPanel(props: { report: Report; row: Row; range: Range | null; past: Past }) {
    const { report, row, past: { map, times, held } } = props;
    const now = useMemo(() => map.rows.some(own(row)) ? [{ time_ns: 0, table: map }] : null, [map, row]);
    const only = useMemo(() => isIn(map, row), [map, row]);
    return (
        <Panel title={`${text(row, "name")}${text(row, "kind") ? `, ${text(row, "kind")}` : ""}`} about={figures(row)} class="chart region">
            <Course report={report} row={row} range={props.range} />
            {now && <AddressPicture report={report} name={`region_${text(row, "heap")}`} title={`Map of ${text(row, "name")}`} about={map.about} times={held ? times : now} shown={held ?? undefined} isNow={!held} only={only} height={MAP_HEIGHT} />}
        </Panel>
    );
}

const NO_MAP: Table = { name: "region_map", title: "", about: "", shape: "map", note: "", columns: [], rows: [] };

export function RegionsView(props: { report: Report; tab: Tab; range: Range | null }) {
    const { report, tab, range } = props;
    const rows = useMemo(() => [...tableOf(report, "regions")?.rows ?? []].sort((a, b) => Number(text(a, "kind") === "pool") - Number(text(b, "kind") === "pool")), [report]);
    const map = tableOf(report, "region_map") ?? NO_MAP;
    const { times, held, hold } = useTimes(report, map, "heap_map");
    return (
        <div class="scrolls">
            <TableView report={report} tab={tab} range={range} short above={<>
                {times.length > 1 && <TimeSlider report={report} times={times} held={held} hold={hold} />}
                {rows.slice(0, 16).map((row, i) => <RegionPanel key={i} report={report} row={row} range={range} past={{ map, times, held }} />)}
            </>} />
            <SideTable report={report} name="region_map" />
        </div>
    );
}
