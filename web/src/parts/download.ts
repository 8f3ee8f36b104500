// download: in a sheet or a picture, out a file that the browser saves.
import type { Numbers, Report } from "../data/report";
import { namesOf, stackText, walk, frameOf } from "../data/names";
import type { Sheet } from "../data/sheet";
import { SvgPainter, type Painter } from "../draw/painter";
import { theme } from "../draw/theme";

function save(name: string, kind: string, text: string): void {
    saveBlob(name, new Blob([text], { type: kind }));
}

export function saveBlob(name: string, blob: Blob): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** The program's name and what is shown, without anything that a file system dislikes. */
export function fileName(report: Report, what: string, suffix: string): string {
    const path = report.trace?.path ?? "heaptracer";
    const stem = path.slice(path.lastIndexOf("/") + 1).replace(/\.htrc?$/, "").replace(/[^\w.-]+/g, "_");
    return `${stem}.${what}.${suffix}`;
}

function csvField(value: unknown): string {
    const text = value === null || value === undefined || (typeof value === "number" && Number.isNaN(value)) ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** RFC 4180; a stack is one field, innermost frame first. */
export function csvOf(report: Report, sheet: Sheet, rows: Uint32Array): string {
    const names = namesOf(report);
    const lines = [sheet.columns.map((column) => csvField(column.name)).join(",")];
    for (const row of rows)
        lines.push(sheet.values.map((values, at) => csvField(at === sheet.stackColumn ? stackText(names, (values as Numbers)[row]) : values[row])).join(","));
    return lines.join("\r\n") + "\r\n";
}

export function jsonOf(report: Report, sheet: Sheet, rows: Uint32Array): string {
    const names = namesOf(report);
    const frames = (stack: number) => walk(names, stack).map((node) => {
        const frame = frameOf(names, node);
        return { function: frame?.function ?? "", file: frame?.file ?? null, line: frame?.line ?? 0, module: frame?.module ?? "" };
    });
    const told = Array.from(rows, (row) => Object.fromEntries(sheet.columns.map((column, at) => {
        const value = sheet.values[at][row];
        return [column.name, at === sheet.stackColumn ? frames(value as number) : typeof value === "number" && Number.isNaN(value) ? null : value];
    })));
    return JSON.stringify({ table: sheet.name, title: sheet.title, trace: report.trace?.path ?? null, columns: sheet.columns, rows: told }, null, 1) + "\n";
}

export function saveCsv(report: Report, sheet: Sheet, rows: Uint32Array): void {
    save(fileName(report, sheet.name, "csv"), "text/csv", csvOf(report, sheet, rows));
}

export function saveJson(report: Report, sheet: Sheet, rows: Uint32Array): void {
    save(fileName(report, sheet.name, "json"), "application/json", jsonOf(report, sheet, rows));
}

export interface Picture { width: number; height: number; title: string; about: string; draw: (painter: Painter) => void }

export function svgOf(picture: Picture): string {
    const painter = new SvgPainter(picture.width, picture.height, picture.title, picture.about, theme().surface);
    picture.draw(painter);
    return painter.finish();
}

export function saveSvg(report: Report, what: string, picture: Picture): void {
    save(fileName(report, what, "svg"), "image/svg+xml", svgOf(picture));
}
