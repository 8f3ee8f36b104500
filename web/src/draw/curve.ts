// curve: in times and values, out line charts with axes, for downloads and small pictures.
import type { Numbers } from "../data/report";
import { axis, moment } from "../data/format";
import type { Painter } from "./painter";
import { theme } from "./theme";

export interface Curve { name: string; values: Numbers; colour: string; fill?: boolean; text: (value: number) => string }

/** Steps of 1, 2 or 5 times a power of ten (of two for bytes) that part the span in at most so many. */
export function niceSteps(low: number, high: number, most: number, binary = false): number[] {
    const span = high - low || 1;
    let step = binary ? 2 ** Math.ceil(Math.log2(span / most)) : 10 ** Math.floor(Math.log10(span / most));
    if (!binary)
        step *= [1, 2, 5, 10].find((factor) => span / (step * factor) <= most) ?? 10;
    const steps: number[] = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step)
        steps.push(at);
    return steps;
}

export function drawCurve(painter: Painter, times: Numbers, curve: Curve, box: { x: number; y: number; w: number; h: number }, binary: boolean): void {
    const { x, y, w, h } = box;
    const [from, to] = [times[0], times[times.length - 1]];
    let top = 0;
    for (let i = 0; i < curve.values.length; i++)
        top = Math.max(top, curve.values[i]);
    const px = (time: number) => x + (to > from ? (time - from) / (to - from) : 0) * w;
    const py = (value: number) => y + h - (top > 0 ? value / top : 0) * h;
    painter.text(x, y - 14, curve.name, theme().text, { bold: true });
    for (const value of niceSteps(0, top, 5, binary)) {
        painter.line([x, py(value), x + w, py(value)], theme().border, 1);
        painter.text(x - 8, py(value), axis(curve.text(value)), theme().muted, { align: "right", size: 11 });
    }
    for (const time of niceSteps(from, to, 8))
        painter.text(px(time), y + h + 14, axis(moment(time)), theme().muted, { align: "center", size: 11 });
    const points: number[] = [];
    for (let i = 0; i < times.length; i++)
        points.push(px(times[i]), py(curve.values[i]));
    if (curve.fill)
        painter.area([x, y + h, ...points, x + w, y + h], curve.colour + "33");
    painter.line(points, curve.colour, 1.5);
}
