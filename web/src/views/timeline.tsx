// timeline: live bytes, allocations and blocks over time; a drag in any chart selects the time that all views tell about.
import { useMemo } from "preact/hooks";
import type { Report } from "../data/report";
import { firstRow, numberOf, tableOf } from "../data/report";
import { bytes, duration, shortCount } from "../data/format";
import { sliceAt, sliceBegin, type Range } from "../data/range";
import { numbersOf, sheetOf, type Sheet } from "../data/sheet";
import { store } from "../data/store";
import { drawCurve } from "../draw/curve";
import { theme } from "../draw/theme";
import { Empty, SaveButtons, Toggle, ViewHead } from "../parts/controls";
import { saveCsv, saveJson, saveSvg } from "../parts/download";
import { useStore, useTheme } from "../parts/hooks";
import { Plot, type Flag, type Line } from "../parts/plot";
import { rowsInRange, TableView } from "./table";
import { tabOf } from "./tabs";

const MOST_FLAGS = 12;

export function flagsOf(report: Report): Flag[] {
    const peak = firstRow(report, "summary");
    const flags: Flag[] = [];
    if (numberOf(peak.peak_bytes) > 0)
        flags.push({ ns: numberOf(peak.peak_time_ns), label: `peak ${bytes(numberOf(peak.peak_bytes))}` });
    const marks = tableOf(report, "marks")?.rows ?? [];
    for (const mark of marks.slice(0, MOST_FLAGS))
        flags.push({ ns: numberOf(mark.time_ns), label: String(mark.label) });
    return flags;
}

/** The range of a document's slices between two moments. */
export function selectTime(report: Report, from: number, to: number): void {
    const slices = report.slices;
    if (!slices)
        return;
    const begin = Math.min(slices.count - 1, Math.floor((from - slices.begin_ns) / slices.width_ns + 1e-6));
    store.go({ range: { from: Math.max(0, begin), to: Math.max(begin + 1, sliceAt(slices, to)) } }, true);
}

export function rangeTimes(report: Report, range: Range | null): { from: number; to: number } | null {
    return range && report.slices ? { from: sliceBegin(report.slices, range.from), to: sliceBegin(report.slices, range.to) } : null;
}

/** Live and peak bytes, as on the overview and the timeline. */
export function liveLines(sheet: Sheet, colours: { accent: string; peak: string }): Line[] {
    const live = numbersOf(sheet, "live_bytes"), peak = numbersOf(sheet, "peak_bytes");
    return [
        ...(live ? [{ title: "live", values: live, colour: colours.accent, fill: true, text: bytes }] : []),
        ...(peak ? [{ title: "highest in between", values: peak, colour: colours.peak, dash: [3, 3], text: bytes }] : []),
    ];
}

const named = (sheet: Sheet, name: string) => numbersOf(sheet, name) ?? [];

export function saveTimeline(report: Report, sheet: Sheet): void {
    const times = named(sheet, "time_ns");
    const curves = [
        { name: "live bytes", values: named(sheet, "live_bytes"), colour: theme().accent, fill: true, text: bytes },
        { name: "allocated bytes per second", values: named(sheet, "allocated_rate"), colour: theme().allocated, fill: true, text: (value: number) => `${bytes(value)}/s` },
        { name: "live blocks", values: named(sheet, "live_count"), colour: theme().temporary, text: shortCount },
    ];
    saveSvg(report, "timeline", {
        width: 1100, height: 700, title: "Timeline", about: sheet.about,
        draw: (painter) => curves.forEach((curve, i) => drawCurve(painter, times, curve, { x: 90, y: 40 + i * 225, w: 980, h: 160 }, i < 2)),
    });
}

export function TimelineView(props: { report: Report; range: Range | null }) {
    const { report, range } = props;
    const { view } = useStore();
    const colours = useTheme();
    const table = tableOf(report, "timeline");
    const flags = useMemo(() => flagsOf(report), [report.tables]);
    if (!table || table.rows.length === 0)
        return <div class="view"><ViewHead title="Timeline" /><Empty title="Nothing happened">The recording holds no allocations.</Empty></div>;
    if (view.asTable)
        return <TableView report={report} tab={tabOf("timeline")} range={range} above={<div class="tools"><Toggle title="As table" value onChange={(asTable) => store.go({ asTable })} /></div>} />;
    const sheet = sheetOf(table);
    const all = () => rowsInRange(report, sheet, Uint32Array.from({ length: sheet.count }, (_, i) => i), range);
    const times = named(sheet, "time_ns");
    const shared = { times, range: rangeTimes(report, range), onRange: (from: number, to: number) => selectTime(report, from, to) };
    const rates: Line[] = [{ title: "allocated per second", values: named(sheet, "allocated_rate"), colour: colours.allocated, fill: true, text: (value) => `${bytes(value)}/s` }];
    const calls: Line[] = [
        { title: "allocations", values: named(sheet, "allocations"), colour: colours.accent, fill: true, text: shortCount },
        { title: "frees", values: named(sheet, "frees"), colour: colours.freed, dash: [4, 3], text: shortCount },
    ];
    const blocks: Line[] = [{ title: "live blocks", values: named(sheet, "live_count"), colour: colours.peak, fill: true, text: shortCount }];
    const step = times.length > 1 ? times[1] - times[0] : 0;
    return (
        <div class="view">
            <ViewHead title="Timeline" about={`Drag in a chart to select a time: every view then tells about it alone. One point is ${duration(step)}.`}
                saves={<SaveButtons csv={() => saveCsv(report, sheet, all())} json={() => saveJson(report, sheet, all())} svg={() => saveTimeline(report, sheet)} />} />
            <div class="tools">
                <Toggle title="As table" value={false} onChange={(asTable) => store.go({ asTable })} /></div>
            <section class="panel chart"><h2>Live bytes</h2><Plot label="Live bytes over time" height={260} binary lines={liveLines(sheet, colours)} flags={flags} {...shared} /></section>
            <section class="panel chart"><h2>Allocation rate</h2><Plot label="Bytes allocated per second" height={170} binary lines={rates} {...shared} /></section>
            <section class="panel chart"><h2>Allocations and frees</h2><Plot label="Allocations and frees per point" height={170} lines={calls} {...shared} /></section>
            <section class="panel chart"><h2>Live blocks</h2><Plot label="Live blocks over time" height={170} lines={blocks} {...shared} /></section>
        </div>
    );
}
