// plot: curves over time by uPlot, with one cursor for all of them; a drag selects a range.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Numbers } from "../data/report";
import { axis, moment } from "../data/format";
import { useTheme, useWidth } from "./hooks";

export interface Line { title: string; values: Numbers; colour: string; fill?: boolean; dash?: number[]; text: (value: number) => string }
export interface Flag { ns: number; label: string }

interface Props {
    label: string;
    times: Numbers;
    lines: Line[];
    height: number;
    binary?: boolean;
    range?: { from: number; to: number } | null;
    flags?: Flag[];
    /** The moments at its sides, where they are not those of the first and last point. */
    window?: { from: number; to: number };
    /** Charts with one key have one cursor. */
    sync?: string;
    onRange?: (from: number, to: number) => void;
}

const SYNC = "heaptracer-time";
const BINARY_STEPS = Array.from({ length: 61 }, (_, i) => 2 ** i);

function shade(plot: uPlot, props: Props, colours: { accent: string; muted: string; text: string }): void {
    const { ctx, bbox } = plot;
    if (!props.range && !props.flags?.length)
        return;
    ctx.save();
    if (props.range) {
        const from = plot.valToPos(props.range.from, "x", true), to = plot.valToPos(props.range.to, "x", true);
        ctx.fillStyle = colours.accent + "22";
        ctx.fillRect(from, bbox.top, to - from, bbox.height);
        ctx.fillStyle = colours.accent;
        ctx.fillRect(from, bbox.top, 1.5, bbox.height);
        ctx.fillRect(to - 1.5, bbox.top, 1.5, bbox.height);
    }
    ctx.textAlign = "left";
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    let taken = -Infinity;
    for (const flag of [...props.flags ?? []].sort((a, b) => a.ns - b.ns)) {
        const x = plot.valToPos(flag.ns, "x", true);
        ctx.fillStyle = colours.muted;
        for (let y = bbox.top; y < bbox.top + bbox.height; y += 6 * devicePixelRatio)
            ctx.fillRect(x, y, devicePixelRatio, 3 * devicePixelRatio);
        ctx.fillStyle = colours.text;
        const gap = 5 * devicePixelRatio;
        const width = ctx.measureText(flag.label).width;
        const left = x + gap + width < bbox.left + bbox.width ? x + gap : x - gap - width;
        if (left < taken)
            continue;
        ctx.fillText(flag.label, left, bbox.top + 11 * devicePixelRatio);
        taken = left + width + gap;
    }
    ctx.restore();
}

function axes(props: Props, colours: { muted: string; border: string }): uPlot.Axis[] {
    const look = { stroke: colours.muted, font: "11px system-ui, sans-serif", ticks: { show: false }, grid: { stroke: colours.border, width: 1 } };
    return [
        { ...look, values: (_, steps) => steps.map((ns) => axis(moment(ns))), space: 90, size: 28, incrs: Array.from({ length: 54 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3)), grid: { show: false } },
        { ...look, values: (_, steps) => steps.map((value) => axis(props.lines[0].text(value))), size: 74, space: 36, ...(props.binary ? { incrs: BINARY_STEPS } : {}) },
    ];
}

/** Of what goes on, the newest figure is told while no cursor asks for another. */
function lastOf(values: Numbers | (number | null | undefined)[], line: Line): string {
    const last = values[values.length - 1];
    return typeof last === "number" && Number.isFinite(last) ? line.text(last) : "";
}

function options(latest: { current: Props }, width: number, colours: { accent: string; muted: string; border: string; text: string }): uPlot.Options {
    const props = latest.current;
    return {
        width, height: props.height, legend: { show: true, live: true }, padding: [8, 12, 0, 0],
        cursor: { sync: { key: props.sync ?? SYNC, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
        scales: { x: { time: false, range: (_, low, high) => { const { window } = latest.current; return window ? [window.from, window.to] : [low, high]; } }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.15 : 1] } },
        axes: axes(props, colours),
        series: [
            { label: "time", value: (_, ns) => ns === null ? "" : moment(ns) },
            ...props.lines.map((line): uPlot.Series => ({
                label: line.title, stroke: line.colour, width: 1.6, dash: line.dash, fill: line.fill ? line.colour + "2e" : undefined,
                points: { show: false }, value: (plot, value, at) => value === null ? (latest.current.window ? lastOf(plot.data[at], line) : "") : line.text(value),
            })),
        ],
        hooks: {
            drawClear: [(plot) => shade(plot, { ...latest.current, flags: [] }, colours)],
            draw: [(plot) => shade(plot, { ...latest.current, range: null }, colours)],
            setSelect: [(plot) => {
                if (plot.select.width > 3)
                    latest.current.onRange?.(plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x"));
                plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            }],
        },
    };
}

export function Plot(props: Props) {
    const holder = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot | null>(null);
    const latest = useRef(props);
    latest.current = props;
    const width = useWidth(holder);
    const colours = useTheme();
    const shown = useRef<Numbers | null>(null);
    const data = () => [props.times, ...props.lines.map((line) => line.values)] as uPlot.AlignedData;
    useLayoutEffect(() => {
        if (!holder.current || width === 0)
            return;
        plot.current = new uPlot(options(latest, width, colours), data(), holder.current);
        shown.current = props.times;
        return () => plot.current?.destroy();
    }, [width, colours, props.lines.map((line) => line.title).join(), props.height]);
    useLayoutEffect(() => {
        if (shown.current !== props.times)
            plot.current?.setData(data());
        shown.current = props.times;
    }, [props.times, width]);
    useEffect(() => plot.current?.redraw(false), [props.flags?.length]);
    useEffect(() => plot.current?.redraw(false), [props.range?.from, props.range?.to]);
    return <div class="plot" role="img" aria-label={props.label} ref={holder} />;
}
