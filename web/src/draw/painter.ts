// painter: in rectangles, texts and lines, out the same picture on a canvas or as SVG, so that a download shows what the screen shows.
export interface TextStyle { size?: number; mono?: boolean; bold?: boolean; align?: "left" | "center" | "right" }

export interface Painter {
    rect(x: number, y: number, w: number, h: number, fill: string, round?: number): void;
    frame(x: number, y: number, w: number, h: number, stroke: string, thick?: number): void;
    text(x: number, y: number, text: string, fill: string, style?: TextStyle): void;
    line(points: number[], stroke: string, thick: number): void;
    area(points: number[], fill: string): void;
}

export const SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";
export const MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

export class CanvasPainter implements Painter {
    private font = "";

    constructor(private readonly context: CanvasRenderingContext2D) {
        context.textBaseline = "middle";
    }

    rect(x: number, y: number, w: number, h: number, fill: string, round = 0): void {
        this.context.fillStyle = fill;
        if (round === 0 || w < round * 2 || h < round * 2) {
            this.context.fillRect(x, y, w, h);
            return;
        }
        this.context.beginPath();
        this.context.roundRect(x, y, w, h, round);
        this.context.fill();
    }

    frame(x: number, y: number, w: number, h: number, stroke: string, thick = 1): void {
        this.context.strokeStyle = stroke;
        this.context.lineWidth = thick;
        this.context.strokeRect(x + thick / 2, y + thick / 2, Math.max(0, w - thick), Math.max(0, h - thick));
    }

    text(x: number, y: number, text: string, fill: string, style: TextStyle = {}): void {
        const font = `${style.bold ? "600 " : ""}${style.size ?? 12}px ${style.mono ? MONO : SANS}`;
        if (font !== this.font)
            this.context.font = this.font = font;
        this.context.fillStyle = fill;
        this.context.textAlign = style.align ?? "left";
        this.context.fillText(text, x, y);
    }

    private trace(points: number[]): void {
        this.context.beginPath();
        for (let i = 0; i < points.length; i += 2)
            this.context.lineTo(points[i], points[i + 1]);
    }

    line(points: number[], stroke: string, thick: number): void {
        this.trace(points);
        this.context.strokeStyle = stroke;
        this.context.lineWidth = thick;
        this.context.lineJoin = "round";
        this.context.stroke();
    }

    area(points: number[], fill: string): void {
        this.trace(points);
        this.context.closePath();
        this.context.fillStyle = fill;
        this.context.fill();
    }
}

export function escapeXml(text: string): string {
    return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

const short = (value: number): string => String(Math.round(value * 100) / 100);

export class SvgPainter implements Painter {
    private readonly parts: string[] = [];

    constructor(private readonly width: number, private readonly height: number, private readonly title: string, private readonly about: string, background: string) {
        this.rect(0, 0, width, height, background);
    }

    rect(x: number, y: number, w: number, h: number, fill: string, round = 0): void {
        const corner = round ? ` rx="${short(round)}"` : "";
        this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(0, w))}" height="${short(Math.max(0, h))}"${corner} fill="${fill}"/>`);
    }

    frame(x: number, y: number, w: number, h: number, stroke: string, thick = 1): void {
        const size = `width="${short(Math.max(0, w - thick))}" height="${short(Math.max(0, h - thick))}"`;
        this.parts.push(`<rect x="${short(x + thick / 2)}" y="${short(y + thick / 2)}" ${size} fill="none" stroke="${stroke}" stroke-width="${thick}"/>`);
    }

    text(x: number, y: number, text: string, fill: string, style: TextStyle = {}): void {
        const anchor = { left: "start", center: "middle", right: "end" }[style.align ?? "left"];
        const look = `font-size="${style.size ?? 12}" font-family="${escapeXml(style.mono ? MONO : SANS)}"${style.bold ? ' font-weight="600"' : ""}`;
        this.parts.push(`<text x="${short(x)}" y="${short(y)}" dominant-baseline="central" text-anchor="${anchor}" fill="${fill}" ${look}>${escapeXml(text)}</text>`);
    }

    private points(points: number[]): string {
        const pairs: string[] = [];
        for (let i = 0; i < points.length; i += 2)
            pairs.push(`${short(points[i])},${short(points[i + 1])}`);
        return pairs.join(" ");
    }

    line(points: number[], stroke: string, thick: number): void {
        this.parts.push(`<polyline points="${this.points(points)}" fill="none" stroke="${stroke}" stroke-width="${thick}" stroke-linejoin="round"/>`);
    }

    area(points: number[], fill: string): void {
        this.parts.push(`<polygon points="${this.points(points)}" fill="${fill}"/>`);
    }

    finish(): string {
        const size = `width="${short(this.width)}" height="${short(this.height)}" viewBox="0 0 ${short(this.width)} ${short(this.height)}"`;
        const texts = `<title>${escapeXml(this.title)}</title><desc>${escapeXml(this.about)}</desc>`;
        return `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size}>${texts}\n${this.parts.join("\n")}\n</svg>\n`;
    }
}

/** As much of the text as fits, with an ellipsis. */
export function clip(text: string, width: number, size: number, mono = false): string {
    const room = Math.floor(width / (size * (mono ? 0.605 : 0.54)));
    return text.length <= room ? text : room < 3 ? "" : text.slice(0, room - 1) + "…";
}
