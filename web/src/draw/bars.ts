// bars: in names and values, out a chart of horizontal bars, for downloads.
import { clip, type Painter } from "./painter";
import { theme } from "./theme";

export interface Bar { name: string; value: number; text: string }

const LINE = 26;
const NAME = 300;

export function barsHeight(bars: Bar[]): number {
    return 48 + bars.length * LINE;
}

export function drawBars(painter: Painter, bars: Bar[], title: string, width: number, fill: string): void {
    const largest = Math.max(...bars.map((bar) => Math.abs(bar.value)), 1e-300);
    painter.text(12, 20, title, theme().text, { bold: true, size: 14 });
    bars.forEach((bar, i) => {
        const y = 40 + i * LINE;
        const room = width - NAME - 130;
        painter.text(NAME, y + LINE / 2, clip(bar.name, NAME - 20, 12, true), theme().text, { mono: true, align: "right" });
        painter.rect(NAME + 10, y + 5, Math.max(1, Math.abs(bar.value) / largest * room), LINE - 10, fill, 2);
        painter.text(NAME + 18 + Math.abs(bar.value) / largest * room, y + LINE / 2, bar.text, theme().muted);
    });
}
