// format: in numbers with their kind, out text for people: binary bytes, grouped thousands, three significant digits.
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const MINUS = "\u2212";

function digits(value: number): string {
    return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

export function bytes(value: number): string {
    if (value < 0)
        return MINUS + bytes(-value);
    if (value < 1024)
        return `${Number.isInteger(value) ? value : digits(value)} B`;
    let unit = 0;
    while (value >= 1023.5 && unit < UNITS.length - 1) {
        value /= 1024;
        unit++;
    }
    return `${digits(value)} ${UNITS[unit]}`;
}

export function count(value: number): string {
    return value < 0 ? MINUS + GROUPED.format(-value) : GROUPED.format(value);
}

const STEPS: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** For tiles and axes: 12.3 M. */
export function shortCount(value: number): string {
    const size = Math.abs(value);
    if (size < 10000)
        return Number.isInteger(value) || size >= 1000 ? count(Math.round(value)) : (value < 0 ? MINUS : "") + digits(size);
    const [step, name] = STEPS.find(([from]) => size >= from * 0.9995) ?? [1, ""];
    return `${value < 0 ? MINUS : ""}${digits(size / step)} ${name}`;
}

export function duration(ns: number): string {
    if (ns < 0)
        return MINUS + duration(-ns);
    if (ns === 0)
        return "0 s";
    if (ns < 1e3)
        return `${digits(ns)} ns`;
    if (ns < 1e6)
        return `${digits(ns / 1e3)} µs`;
    if (ns < 1e9)
        return `${digits(ns / 1e6)} ms`;
    if (ns < 120e9)
        return `${digits(ns / 1e9)} s`;
    const seconds = Math.round(ns / 1e9);
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    return h ? `${count(h)} h ${String(m).padStart(2, "0")} min` : `${m} min ${String(s).padStart(2, "0")} s`;
}

/** How long a block lived, by a clock of that tick: below one tick nothing more is known. */
export function lifespan(ns: number, tick: number): string {
    return ns < tick ? `< ${trimZeros(duration(tick))}` : duration(ns);
}

const VALUE = /(\d) (?=(?:[KMGTPE]i)?B\b|[µmn]?s\b|%|[kMG]\/s)/g;

/** A sentence in which no line ends between a figure and its unit. */
export function sentence(text: string): string {
    return text.replace(VALUE, "$1\u00a0");
}

/** A moment of the session, finer than `duration`. */
export function moment(ns: number): string {
    return ns < 120e9 ? `${(ns / 1e9).toFixed(ns < 10e9 ? 3 : 2)} s` : duration(ns);
}

export function ratio(value: number): string {
    const percent = value * 100;
    if (percent !== 0 && Math.abs(percent) < 0.05)
        return percent < 0 ? `> ${MINUS}0.1 %` : "< 0.1 %";
    return `${percent < 0 ? MINUS : ""}${Math.abs(percent).toFixed(Math.abs(percent) >= 99.95 ? 0 : 1)} %`;
}

export function rate(value: number, unit: string): string {
    return unit === "B/s" ? `${bytes(value)}/s` : `${shortCount(value)}/s`;
}

function real(value: number, unit: string): string {
    switch (unit) {
    case "B": return bytes(value);
    case "ns": return duration(value);
    case "B/s": case "/s": return rate(value, unit);
    case "x": return `${digits(value)} ×`;
    default: return `${digits(value)}${unit ? " " + unit : ""}`;
    }
}

const trimZeros = (text: string): string => text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");

/** On an axis: 32 MiB, 0.5 s. */
export function axis(text: string): string {
    return trimZeros(text);
}

/** Where there is room for five letters: 4.4M. */
export function tinyBytes(value: number): string {
    return trimZeros(bytes(value)).replace(/ B$/, "").replace(/ (.)iB$/, "$1");
}

export function tinyCount(value: number): string {
    return trimZeros(shortCount(value)).replace(" ", "");
}

/** A cell of a table by the kind and unit of its column; empty for what is not there. */
export function cell(value: unknown, kind: string, unit: string): string {
    if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value)))
        return "";
    if (typeof value !== "number")
        return kind === "address" && value === "0x0" ? "" : String(value);
    switch (kind) {
    case "bytes": return bytes(value);
    case "signed_bytes": return (value > 0 ? "+" : "") + bytes(value);
    case "signed_count": return (value > 0 ? "+" : "") + count(value);
    case "time": return moment(value);
    case "duration": return duration(value);
    case "ratio": return ratio(value);
    case "real": return real(value, unit);
    case "count": return unit === "id" ? String(value) : unit ? `${shortCount(value)} ${unit}`.replace(/([kMGT]) Hz$/, "$1Hz") : count(value);
    default: return String(value);
    }
}

/** A figure of the health report, which has a unit but no kind. */
export function figure(value: number | null | undefined, unit: string | undefined): string {
    if (value === null || value === undefined)
        return "–";
    switch (unit) {
    case "bytes": case "B": return bytes(value);
    case "ns": return duration(value);
    case "ratio": return ratio(value);
    case "%": return ratio(value / 100);
    case "count": case "": case undefined: return Number.isInteger(value) ? count(value) : digits(value);
    default: return real(value, unit);
    }
}

export function plural(value: number, one: string, many = one + "s"): string {
    return `${count(value)} ${value === 1 ? one : many}`;
}
