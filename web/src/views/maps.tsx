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

const sayRegion = (region: Region) => `${bytes(region.bytes)} region, ${bytes(region.live)} live, ${ratio(region.live / region.bytes)} full`;

interface PictureProps {
    report: Report;
    /** Of the file that it can be saved as. */
    name: string;
    title: string;
    about: string;
    regions: Region[];
    /** What a cell's region is, in words. */
    say: (region: Region) => string;
    legend: (map: AddressMap) => string;
    lines?: number;
    seams?: boolean;
}

export function AddressPicture(props: PictureProps) {
    const { regions } = props;
    const holder = useRef<HTMLDivElement>(null);
    const width = useWidth(holder);
    const [focus, setFocus] = useState(-1);
    const map = useMemo(() => layAddresses(regions, Math.max(CELL, width), props.lines, props.seams), [regions, width]);
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
    const tip = (here: Region) => <><strong>{`0x${here.start.toString(16)}`}</strong><span>{props.say(here)}</span></>;
    const region = focus >= 0 ? map.regions[regionAt(map, focus)] : null;
    const save = () => saveSvg(props.report, props.name, { width, height, title: props.title, about: props.about, draw: (painter) => drawAddresses(painter, map, -1) });
    return (
        <section class="panel map">
            <div class="map-legend">
                <span>each cell is {bytes(map.piece)} · {props.legend(map)}</span>
                <span class="ramp">free <i style={{ background: `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(viridis).join(",")})` }} /> full</span>
                <button type="button" class="quiet" onClick={save}>SVG of the map</button>
            </div>
            <div ref={holder}>
                {width > 0 && <Canvas label={`${props.title}: ${plural(regions.length, "row")}, ${bytes(map.total)}. The rows below hold the same.`} width={width} height={height}
                    draw={(painter) => drawAddresses(painter, map, focus)} onKey={keys} said={region ? `0x${region.start.toString(16)}: ${props.say(region)}` : ""}
                    tip={(x, y) => at(x, y) < map.cells && x < map.across * CELL ? tip(map.regions[regionAt(map, at(x, y))]) : null} />}
            </div>
        </section>
    );
}

function Picture(props: { report: Report; tab: Tab; sheet: Sheet }) {
    const { sheet } = props;
    const regions = useMemo(() => regionsOf(sheet), [sheet]);
    return <AddressPicture report={props.report} name={props.tab.id} title={props.tab.title} about={sheet.about} regions={regions} say={sayRegion}
        legend={(map) => `${bytes(map.total)} in ${plural(regions.length, "region")}, address order, gaps left out`} />;
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
