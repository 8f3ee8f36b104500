// maps: where in memory things lie: the regions of a map table as a picture, and as its rows below.
import { useMemo, useRef, useState } from "preact/hooks";
import type { Report } from "../data/report";
import { tableOf } from "../data/report";
import { bytes, plural, ratio } from "../data/format";
import type { Range } from "../data/range";
import { numbersOf, sheetOf, valuesOf, type Sheet } from "../data/sheet";
import { CELL, drawAddresses, layAddresses, mapHeight, regionAt, type AddressMap, type Region } from "../draw/address";
import { viridis } from "../draw/theme";
import { Canvas } from "../parts/canvas";
import { saveSvg } from "../parts/download";
import { useWidth } from "../parts/hooks";
import { SideTable, TableView } from "./table";
import { BESIDE, type Tab } from "./tabs";

function regionsOf(sheet: Sheet): Region[] {
    const starts = valuesOf(sheet, "start") as string[] | null;
    const sizes = numbersOf(sheet, "bytes");
    if (!starts || !sizes)
        return [];
    const live = numbersOf(sheet, "live_bytes");
    const process = numbersOf(sheet, "process");
    return Array.from({ length: sheet.count }, (_, row) => ({ start: Number(starts[row]), bytes: sizes[row], live: live ? live[row] : sizes[row], row, process: process ? process[row] : 0 }))
        .filter((region) => region.bytes > 0).sort((a, b) => a.process - b.process || a.start - b.start);
}

function Said(props: { map: AddressMap; cell: number }) {
    const region = props.map.regions[regionAt(props.map, props.cell)];
    return <><strong>{`0x${region.start.toString(16)}`}</strong><span>{bytes(region.bytes)} region, {bytes(region.live)} live, {ratio(region.live / region.bytes)} full</span></>;
}

function Picture(props: { report: Report; tab: Tab; sheet: Sheet }) {
    const { sheet } = props;
    const holder = useRef<HTMLDivElement>(null);
    const width = useWidth(holder);
    const [focus, setFocus] = useState(-1);
    const regions = useMemo(() => regionsOf(sheet), [sheet]);
    const map = useMemo(() => layAddresses(regions, Math.max(CELL, width)), [regions, width]);
    if (regions.length === 0)
        return null;
    const height = mapHeight(map);
    const keys = (event: KeyboardEvent) => {
        const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: map.across, ArrowUp: -map.across }[event.key];
        if (!step)
            return;
        event.preventDefault();
        setFocus(Math.max(0, Math.min(map.cells - 1, focus + step)));
    };
    const at = (x: number, y: number) => Math.floor(y / CELL) * map.across + Math.floor(x / CELL);
    const region = focus >= 0 ? map.regions[regionAt(map, focus)] : null;
    const save = () => saveSvg(props.report, props.tab.id, { width, height, title: props.tab.title, about: sheet.about, draw: (painter) => drawAddresses(painter, map, -1) });
    return (
        <section class="panel map">
            <div class="map-legend">
                <span>each cell is {bytes(map.piece)} · {bytes(map.total)} in {plural(regions.length, "region")}, address order, gaps left out</span>
                <span class="ramp">free <i style={{ background: `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(viridis).join(",")})` }} /> full</span>
                <button type="button" class="quiet" onClick={save}>SVG of the map</button>
            </div>
            <div ref={holder}>
                {width > 0 && <Canvas label={`${props.tab.title}: ${plural(regions.length, "region")}, ${bytes(map.total)}. The rows below hold the same.`} width={width} height={height}
                    draw={(painter) => drawAddresses(painter, map, focus)} onKey={keys} said={region ? `0x${region.start.toString(16)}: ${bytes(region.bytes)}, ${bytes(region.live)} live` : ""}
                    tip={(x, y) => at(x, y) < map.cells && x < map.across * CELL ? <Said map={map} cell={at(x, y)} /> : null} />}
            </div>
        </section>
    );
}

export function MapView(props: { report: Report; tab: Tab; range: Range | null }) {
    const { report, tab, range } = props;
    const table = tableOf(report, tab.table!);
    return (
        <div class="scrolls">
            <TableView report={report} tab={tab} range={range} short={Boolean(table && table.rows.length <= 300)} above={table && table.rows.length > 0 && <Picture report={report} tab={tab} sheet={sheetOf(table)} />} />
            {(BESIDE[tab.id] ?? []).map((name) => <SideTable key={name} report={report} name={name} />)}
        </div>
    );
}
