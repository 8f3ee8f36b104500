// messages: in a text from the server, out a message whose shape is sure; what does not fit is left out, and what is no message is null.
import { numberOf } from "./report";

export type SourceState = "waiting" | "reading" | "live" | "gone" | "ended" | "lost";
export interface SourceInfo {
    id: number; name: string; word: string; kind: string; state: SourceState; why: string; can: string[];
    /** Whether it records now; null where that cannot be turned. */
    recording: boolean | null;
    /** Tells sessions apart; 0: not said. */
    start_unix_ns: number;
    /** When its state began; 0: not said. */
    since_unix_ns: number;
}
export interface RegionBeat { name: string; used: number; free: number; largest: number; fragmentation: number }

/** Figures of which a beat tells the total so far, or what is so now. */
export const TOTALS = ["allocated_bytes", "allocated_count", "freed_bytes", "freed_count"] as const;
export const FIGURES = ["live_bytes", "live_count", ...TOTALS] as const;
export const REGION_FIGURES = ["used", "free", "largest", "fragmentation"] as const;

/** The most within the time that a point of the history stands for. */
export const MOST = "live_bytes_most";

export type Figures = Record<typeof FIGURES[number], number>;
export interface Beat extends Figures { source: number; time_ns: number; growth_bytes_s: number; regions: RegionBeat[]; faults: number; alerts: number; dropped: number; behind_ns: number }
export interface AlertNews { source: number; rule: string; firing: boolean; level: string; text: string; time_ns: number }
export interface History { source: number; times: Float64Array; columns: Record<string, Float64Array> }
export interface Answer { to: number; ok: boolean; error: string; value: unknown }

export type Message =
    | { type: "hello"; sources: SourceInfo[] } | { type: "document"; source: number; document: unknown } | { type: "beat"; beat: Beat }
    | { type: "history"; history: History } | { type: "alert"; alert: AlertNews } | { type: "answer"; answer: Answer };

type Raw = Record<string, unknown>;

const STATES: SourceState[] = ["waiting", "reading", "live", "gone", "ended", "lost"];
const text = (value: unknown): string => typeof value === "string" ? value : "";
const rows = (value: unknown): Raw[] => Array.isArray(value) ? value.filter((each) => typeof each === "object" && each !== null) : [];
const MOST_REGIONS = 64;

function sourceOf(raw: Raw): SourceInfo {
    return {
        id: numberOf(raw.id), name: text(raw.name), word: text(raw.word), kind: text(raw.kind), why: text(raw.why), can: Array.isArray(raw.can) ? raw.can.map(String) : [],
        state: STATES.find((state) => state === raw.state) ?? "waiting", recording: typeof raw.recording === "boolean" ? raw.recording : null,
        start_unix_ns: numberOf(raw.start_unix_ns), since_unix_ns: numberOf(raw.since_unix_ns),
    };
}

function regionOf(raw: Raw): RegionBeat {
    return { name: text(raw.name), used: numberOf(raw.used), free: numberOf(raw.free), largest: numberOf(raw.largest), fragmentation: numberOf(raw.fragmentation) };
}

function beatOf(raw: Raw): Beat {
    const figures = Object.fromEntries(FIGURES.map((name) => [name, numberOf(raw[name])])) as Figures;
    return {
        ...figures, source: numberOf(raw.source), time_ns: numberOf(raw.time_ns), growth_bytes_s: numberOf(raw.growth_bytes_s), faults: numberOf(raw.faults), alerts: numberOf(raw.alerts),
        dropped: numberOf(raw.dropped), behind_ns: numberOf(raw.behind_ns), regions: rows(raw.regions).slice(0, MOST_REGIONS).map(regionOf),
    };
}

function numbers(value: unknown, count: number): Float64Array {
    const column = new Float64Array(count).fill(NaN);
    for (let i = 0; Array.isArray(value) && i < Math.min(count, value.length); i++)
        if (typeof value[i] === "number")
            column[i] = value[i];
    return column;
}

/** As many times as grow; a history that is out of order ends there. */
function timesOf(value: unknown): Float64Array {
    const times = numbers(value, Array.isArray(value) ? value.length : 0);
    for (let i = 0; i < times.length; i++)
        if (!(times[i] > (i > 0 ? times[i - 1] : -1) && times[i] < Infinity))
            return times.subarray(0, i);
    return times;
}

/** The name of a region's figure as a column. */
export function regionColumn(figure: string, region: string): string {
    return `${figure}.${region}`;
}

function historyOf(raw: Raw): History {
    const times = timesOf(raw.time_ns);
    const columns: History["columns"] = Object.fromEntries([...FIGURES, MOST].map((name) => [name, numbers(raw[name], times.length)]));
    for (const region of rows(raw.regions).slice(0, MOST_REGIONS))
        for (const figure of REGION_FIGURES)
            columns[regionColumn(figure, text(region.name))] = numbers(region[figure], times.length);
    return { source: numberOf(raw.source), times, columns };
}

export function messageOf(packed: string): Message | null {
    let raw: Raw;
    try {
        raw = JSON.parse(packed);
    } catch {
        return null;
    }
    switch (raw?.type) {
    case "hello": return { type: "hello", sources: rows(raw.sources).map(sourceOf) };
    case "document": return { type: "document", source: numberOf(raw.source), document: raw.document };
    case "beat": return { type: "beat", beat: beatOf(raw) };
    case "history": return { type: "history", history: historyOf(raw) };
    case "alert": return { type: "alert", alert: { source: numberOf(raw.source), rule: text(raw.rule), firing: raw.state === "firing", level: text(raw.level), text: text(raw.text), time_ns: numberOf(raw.time_ns) } };
    case "answer": return { type: "answer", answer: { to: numberOf(raw.to), ok: raw.ok === true, error: text(raw.error), value: raw.value } };
    default: return null;
    }
}
