// maps: where in memory things lie: the stretches of a map table as a picture that can be zoomed and scrubbed back in time, live down to single blocks; and as rows below.
import { useMemo, useRef, useState } from "preact/hooks";
import { theFeed } from "../data/feed";
import { figuresAt, momentsOf, type Then } from "../data/moments";
import { sameStack } from "../data/place";
import type { Report, Table } from "../data/report";
import { tableOf } from "../data/report";
import { bytes, count, moment, plural } from "../data/format";
import type { Range } from "../data/range";
import { store } from "../data/store";
import { stackAt, stretchesOf, stretchesWhere, tellStretch } from "../data/stretches";
import { addressAt, cellAt, cellsOf, countAt, drawMap, fieldOf, fillsOf, gridOf, placeOf, spaceOf, stretchAt, CELL, type Grid } from "../draw/address";
import type { Painter } from "../draw/painter";
import { viridis } from "../draw/theme";
import { Canvas } from "../parts/canvas";
import { Toggle } from "../parts/controls";
import { saveSvg } from "../parts/download";
import { useFeedPart, useWidth } from "../parts/hooks";
import { useSingle } from "./single";
import { SideTable, TableView } from "./table";
import { BESIDE, type Tab } from "./tabs";

const ZOOM_STEP = 4;
const WHEEL_STEP = 1.5;
const MOST_ZOOM = 2 ** 40;

interface Props {
    report: Report;
    /** Of the file that it can be saved as. */
    name: string;
    title: string;
    about: string;
    /** The same memory at other times, and which of them is shown; the last when none is said. */
    times: Then[];
    shown?: Then;
    /** Of the rows that belong to it. */
    only?: (row: Record<string, unknown>) => boolean;
    height: number;
    /** It shows what is now: single blocks can be asked for. */
    isNow?: boolean;
}

const hex = (address: number) => `0x${address.toString(16)}`;

interface Look { zoom: number; from: number }

/** The look that has a cell's address where it is, nearer or farther. */
function zoomed(grid: Grid, look: Look, cell: number, factor: number): Look {
    const zoom = Math.max(1, Math.min(MOST_ZOOM, look.zoom * factor));
    const at = grid.from + (cell + 0.5) * grid.piece, share = (cell + 0.5) / cellsOf(grid);
    return zoom === 1 ? { zoom, from: 0 } : { zoom, from: Math.max(0, at - share * grid.field.space.total / zoom) };
}

function useField(props: Props) {
    const { times, only } = props;
    const shown = props.shown ?? times[times.length - 1];
    const take = (table: Table) => only ? stretchesWhere(table, only) : stretchesOf(table);
    const space = useMemo(() => spaceOf((props.shown ? times : [shown]).map(({ table }) => take(table))), [props.shown ? times : shown.table]);
    const field = useMemo(() => fieldOf(take(shown.table), space), [shown.table, space]);
    return { field, table: shown.table };
}

export function AddressPicture(props: Props) {
    const { report, title } = props;
    const holder = useRef<HTMLDivElement>(null);
    const width = useWidth(holder);
    const [focus, setFocus] = useState(-1);
    const [look, setLook] = useState<Look>({ zoom: 1, from: 0 });
    const [curved, setCurved] = useState(false);
    const { field, table } = useField(props);
    const grid = useMemo(() => gridOf(field, Math.max(CELL, width), curved ? Math.max(props.height, Math.min(width, 512)) : props.height, look.zoom, look.from, curved), [field, width, look, curved, props.height]);
    const fills = useMemo(() => fillsOf(grid), [grid]);
    const cells = cellsOf(grid);
    const { single, told } = useSingle(grid, table, props.isNow === true);
    if (field.stretches.count === 0)
        return null;
    const zoom = (factor: number, cell = focus >= 0 ? focus : cells >> 1) => { setLook(zoomed(grid, look, cell, factor)); setFocus(-1); };
    /** The place in the table of the block that a cell shows most of. */
    const blockAt = (cell: number) => { const at = single ? stretchAt(single.grid, cell) : -1; return at < 0 ? -1 : single!.grid.field.stretches.row[at]; };
    const siteAt = (cell: number, at: number) => {
        const block = blockAt(cell);
        return block >= 0 ? sameStack(single!.blocks.report, report, stackAt(single!.blocks.table, block)) : at >= 0 ? stackAt(table, field.stretches.row[at]) : 0;
    };
    const open = (cell: number) => {
        const at = stretchAt(grid, cell), stack = siteAt(cell, at);
        if (stack > 0)
            store.go({ stack });
        else if (at >= 0 && !single)
            setLook({ zoom: Math.max(1, Math.min(MOST_ZOOM, field.space.total / field.stretches.bytes[at])), from: field.at[at] });
    };
    const say = (cell: number) => {
        const block = blockAt(cell), at = stretchAt(grid, cell), some = block >= 0 ? countAt(single!.grid, cell) : 0;
        if (block >= 0)
            return `${some > 1 ? `${plural(some, "block")}, most of it ` : ""}${tellStretch(single!.blocks.report, single!.blocks.table, block)}`;
        return at < 0 ? "nothing here at this time" : single?.isHere(cell) ? "no block here" : tellStretch(report, table, field.stretches.row[at]);
    };
    const paint = (painter: Painter, at: number) => drawMap(painter, grid, single?.fills ?? fills, at, single?.begins);
    const step = (key: string): number => {
        const moves: Record<string, [number, number]> = { ArrowRight: [CELL, 0], ArrowLeft: [-CELL, 0], ArrowDown: [0, CELL], ArrowUp: [0, -CELL] };
        const [x, y] = placeOf(grid, Math.max(0, focus));
        return key in moves ? cellAt(grid, x + moves[key][0], y + moves[key][1]) : -1;
    };
    const keys = (event: KeyboardEvent) => {
        const next = step(event.key);
        if (next >= 0)
            setFocus(next);
        else if (event.key === "+" || event.key === "-")
            zoom(event.key === "+" ? ZOOM_STEP : 1 / ZOOM_STEP);
        else if (event.key === "Enter" && focus >= 0)
            open(focus);
        else if (event.key === "Escape" && look.zoom > 1)
            setLook({ zoom: 1, from: 0 });
        else if (!event.key.startsWith("Arrow"))
            return;
        event.preventDefault();
        event.stopPropagation();
    };
    const save = () => saveSvg(report, props.name, { width: grid.across * CELL, height: grid.lines * CELL, title, about: props.about, draw: (painter) => paint(painter, -1) });
    const last = addressAt(grid, cells - 1) + grid.piece;
    return (
        <section class="panel map">
            <div class="map-legend">
                <span>each cell is {bytes(grid.piece)} · {bytes(field.space.total)} in {plural(field.stretches.count, "stretch", "stretches")}, gaps left out{look.zoom > 1 && <> · shown: {hex(addressAt(grid, 0))} – {hex(last)}</>}{told && <> · <strong>{told}</strong></>}</span>
                <span class="ramp">free <i style={{ background: `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(viridis).join(",")})` }} /> full</span>
                <span class="map-tools" role="group" aria-label={`Zoom of ${title}`}>
                    <button type="button" class="quiet" aria-label="Zoom in" title="Zoom in (+, or Ctrl and the wheel)" disabled={grid.piece <= 8} onClick={() => zoom(ZOOM_STEP)}>+</button>
                    <button type="button" class="quiet" aria-label="Zoom out" title="Zoom out (−)" disabled={look.zoom <= 1} onClick={() => zoom(1 / ZOOM_STEP)}>−</button>
                    {look.zoom > 1 && <button type="button" class="quiet" onClick={() => setLook({ zoom: 1, from: 0 })}>Whole</button>}
                    <Toggle title="Hilbert order" about="what is near in memory is near on the map" value={curved} onChange={(on) => { setCurved(on); setFocus(-1); }} />
                    <button type="button" class="quiet" onClick={save}>SVG of the map</button>
                </span>
            </div>
            <div ref={holder}>
                {width > 0 && <Canvas label={`${title}: ${plural(field.stretches.count, "stretch", "stretches")}, ${bytes(field.space.total)}. Arrow keys move, + and − zoom, Enter opens the site, or goes nearer where none is known. The rows below hold the same.`}
                    width={grid.across * CELL} height={grid.lines * CELL} draw={(painter) => paint(painter, focus)} onKey={keys} said={focus >= 0 ? `${hex(addressAt(grid, focus))}: ${say(focus)}` : ""}
                    tip={(x, y) => { const cell = cellAt(grid, x, y); return cell < 0 ? null : <><strong>{hex(addressAt(grid, cell))}</strong><span>{say(cell)}</span></>; }}
                    onPoint={(x, y, twice) => { const cell = cellAt(grid, x, y); setFocus(cell); if (cell >= 0 && twice) zoom(ZOOM_STEP, cell); else if (cell >= 0) open(cell); }}
                    onZoom={(x, y, inwards) => { const cell = cellAt(grid, x, y); if (cell >= 0) zoom(inwards ? WHEEL_STEP : 1 / WHEEL_STEP, cell); }} />}
            </div>
        </section>
    );
}

/** The times that the document tells of, and finer those that a live page remembers; held null: now. */
export function useTimes(report: Report, table: Table, name = table.name): { times: Then[]; held: Then | null; hold: (at: number | null) => void } {
    const moments = useFeedPart((feed) => feed.chosen?.recall.moments ?? null, null);
    const known = useMemo(() => {
        const told = momentsOf(report, table, name), seen = moments && theFeed()?.chosen?.recall.of(table.name);
        return seen && seen.length > 0 ? [...told.filter(({ time_ns }) => time_ns < seen[0].time_ns), ...seen] : told;
    }, [moments, report, table]);
    const [holding, setHolding] = useState<{ times: Then[]; at: number } | null>(null);
    const times = holding?.times ?? known;
    return { times, held: holding && times[holding.at], hold: (at) => setHolding(at === null || at >= times.length - 1 ? null : { times, at }) };
}

/** What the run had come to by then. */
function Figures(props: { report: Report; time_ns: number }) {
    const figures = figuresAt(props.report, props.time_ns);
    if (!figures)
        return null;
    const told: [string, string][] = [
        ["In use", bytes(figures.live_bytes)], ["Blocks", count(figures.live_count)], ["Growth", `${figures.growth_bytes_s > 0 ? "+" : ""}${bytes(Math.round(figures.growth_bytes_s))}/s`],
        ["Allocated by then", bytes(figures.allocated_bytes)], ["Allocations", count(figures.allocated_count)], ["Frees", count(figures.freed_count)],
    ];
    return <dl class="by-then">{told.map(([title, value]) => <div key={title}><dt>{title}</dt><dd>{value}</dd></div>)}</dl>;
}

export function TimeSlider(props: { report: Report; times: Then[]; held: Then | null; hold: (at: number | null) => void }) {
    const { times, held } = props;
    const at = held ? times.indexOf(held) : times.length - 1;
    const first = times[0].time_ns, last = times[times.length - 1].time_ns;
    return <>
        <div class="time-slider">
            <label><span>Map at <strong>{moment(times[at].time_ns)}</strong></span>
                <input type="range" min={0} max={times.length - 1} value={at} aria-valuetext={moment(times[at].time_ns)} onInput={(event) => props.hold(Number(event.currentTarget.value))} /></label>
            <span class="muted">{moment(first)} – {moment(last)}, {plural(times.length, "time")}</span>
            {held && <button type="button" class="button" onClick={() => props.hold(null)}>{theFeed() ? "Now" : "End"}</button>}
        </div>
        <Figures report={props.report} time_ns={times[at].time_ns} />
    </>;
}

function Picture(props: { report: Report; tab: Tab; table: Table }) {
    const { report, tab, table } = props;
    const { times, held, hold } = useTimes(report, table);
    const now = useMemo(() => [{ time_ns: 0, table }], [table]);
    return <>
        {times.length > 1 && <TimeSlider report={report} times={times} held={held} hold={hold} />}
        {!held && table.rows.length === 0 && <p class="note">Nothing is there any more. The slider goes back to when there was.</p>}
        <AddressPicture report={report} name={tab.id} title={tab.title} about={table.about} times={held ? times : now} shown={held ?? undefined} isNow={!held && table.name === "heap_map"} height={Math.max(200, Math.min(640, innerHeight * 0.4))} />
    </>;
}

export function MapView(props: { report: Report; tab: Tab; range: Range | null }) {
    const { report, tab, range } = props;
    const table = tableOf(report, tab.table!);
    return (
        <div class="scrolls">
            <TableView report={report} tab={tab} range={range} short={Boolean(table && table.rows.length <= 300)} above={table && momentsOf(report, table).some((then) => then.table !== table || table.rows.length > 0) && <Picture report={report} tab={tab} table={table} />} />
            {(BESIDE[tab.id] ?? []).map((name) => <SideTable key={name} report={report} name={name} />)}
        </div>
    );
}
