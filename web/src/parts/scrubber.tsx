// scrubber: the whole recording as a small curve above every view; a drag, or its two handles by keys, selects the time that all views tell about.
import { useRef, useState } from "preact/hooks";
import type { Numbers, Report, Slices } from "../data/report";
import { firstRow, numberOf, tableOf } from "../data/report";
import { bytes, duration, moment } from "../data/format";
import { sliceBegin, type Range } from "../data/range";
import { numbersOf, sheetOf } from "../data/sheet";
import { store } from "../data/store";
import type { Painter } from "../draw/painter";
import { theme } from "../draw/theme";
import { Canvas } from "./canvas";
import { Icon } from "./icons";
import { useWidth } from "./hooks";

const HEIGHT = 40;

function drawLive(painter: Painter, slices: Slices, live: Numbers, times: Numbers | null, width: number): void {
    let top = 1;
    for (let i = 0; i < live.length; i++)
        top = Math.max(top, live[i]);
    const span = slices.width_ns * slices.count;
    const points: number[] = [];
    for (let i = 0; i < live.length; i++) {
        const x = times ? (times[i] - slices.begin_ns) / span * width : (i + 1) / slices.count * width;
        points.push(Math.max(0, Math.min(width, x)), HEIGHT - 2 - live[i] / top * (HEIGHT - 6));
    }
    painter.area([0, HEIGHT, ...points, width, HEIGHT], theme().accent + "2e");
    painter.line(points, theme().accent, 1.3);
}

function Handle(props: { label: string; slices: Slices; at: number; least: number; most: number; onMove: (slice: number) => void }) {
    const { slices, at, least, most } = props;
    const keys = (event: KeyboardEvent) => {
        const page = Math.max(1, Math.round(slices.count / 10));
        const steps: Record<string, number> = {
            ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - page, PageUp: at + page, Home: least, End: most,
        };
        if (!(event.key in steps))
            return;
        event.preventDefault();
        event.stopPropagation();
        props.onMove(Math.max(least, Math.min(most, steps[event.key])));
    };
    return <div class="handle" role="slider" tabIndex={0} aria-label={props.label} aria-valuemin={least} aria-valuemax={most} aria-valuenow={at}
        aria-valuetext={moment(sliceBegin(slices, at))} style={{ left: `${at / slices.count * 100}%` }} onKeyDown={keys} />;
}

function setRange(slices: Slices, from: number, to: number): void {
    store.go({ range: from <= 0 && to >= slices.count ? null : { from, to } }, true);
}

export function Scrubber(props: { report: Report; range: Range | null }) {
    const { report, range } = props;
    const slices = report.slices;
    const holder = useRef<HTMLDivElement>(null);
    const width = useWidth(holder);
    const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
    if (!slices || slices.count < 2)
        return null;
    const table = tableOf(report, "timeline");
    const fine = table && table.rows.length > slices.count ? sheetOf(table) : null;
    const live = (fine && numbersOf(fine, "live_bytes")) ?? slices.live_bytes ?? [];
    const times = fine && numbersOf(fine, "time_ns");
    const place = (event: PointerEvent) => {
        const box = holder.current!.getBoundingClientRect();
        return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * slices.count;
    };
    const done = () => {
        if (drag && Math.abs(drag.to - drag.from) > slices.count * 0.004)
            setRange(slices, Math.floor(Math.min(drag.from, drag.to)), Math.ceil(Math.max(drag.from, drag.to)));
        setDrag(null);
    };
    const shown = drag ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) } : range;
    const [from, to] = range ? [range.from, range.to] : [0, slices.count];
    return (
        <section class="scrubber" aria-label="Time range of all views">
            <div class="scrub-area" ref={holder}
                onPointerDown={(event) => { if (!(event.target as Element).closest(".handle")) { event.currentTarget.setPointerCapture(event.pointerId); const at = place(event); setDrag({ from: at, to: at }); } }}
                onPointerMove={(event) => drag && setDrag({ ...drag, to: place(event) })} onPointerUp={done} onPointerCancel={() => setDrag(null)}>
                <Canvas label={`Live bytes over the whole recording, at most ${bytes(Math.max(0, ...Array.from(slices.live_bytes ?? [])))} at the end of a slice`} width={width} height={HEIGHT}
                    draw={(painter) => drawLive(painter, slices, live, times, width)} />
                {shown && <>
                    <div class="scrub-veil" style={{ left: 0, width: `${shown.from / slices.count * 100}%` }} />
                    <div class="scrub-veil" style={{ left: `${shown.to / slices.count * 100}%`, right: 0 }} />
                </>}
                <Handle label="Begin of the range" slices={slices} at={from} least={0} most={to - 1} onMove={(slice) => setRange(slices, slice, to)} />
                <Handle label="End of the range" slices={slices} at={to} least={from + 1} most={slices.count} onMove={(slice) => setRange(slices, from, slice)} />
            </div>
            <div class="scrub-told">
                {range ? <>
                    <span><strong>{moment(sliceBegin(slices, from))} – {moment(sliceBegin(slices, to))}</strong> <span class="muted">{duration((to - from) * slices.width_ns)}</span></span>
                    <button type="button" class="quiet" onClick={() => store.go({ range: null }, true)}><Icon name="close" />Whole recording</button>
                </> : <><span><strong>Whole recording</strong> <span class="muted">{duration(numberOf(firstRow(report, "summary").duration_ns) || slices.count * slices.width_ns)}</span></span><span class="muted hint">drag to select a time</span></>}
            </div>
        </section>
    );
}
