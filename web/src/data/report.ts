// report: the document that the page shows, as docs/json-schema/report.schema.json describes it. Any member but `schema` may be missing.
export type Numbers = ArrayLike<number>;

export interface Frame { function: string; file: string | null; line: number; module: string; inlined: boolean; role: "program" | "recorder" | "allocator" | "library" | "start" }
export interface Stacks { parent: number[]; frame: number[] }
export interface Column { name: string; kind: string; title: string; unit: string; about: string }
export interface Table { name: string; title: string; about: string; shape: string; note: string; columns: Column[]; rows: Record<string, unknown>[] }
export type Sites = { stack: number[]; source?: number[] } & Record<string, number[]>;
export type Cells = { first: number[]; slice: number[] } & Record<string, number[]>;
export interface Slices {
    begin_ns: number; width_ns: number; count: number;
    live_bytes?: number[]; live_count?: number[]; allocated_bytes?: number[]; allocated_count?: number[]; freed_bytes?: number[]; freed_count?: number[];
    temporary_count?: number[];
    sites?: Cells; threads?: Cells; sizes?: Cells;
}
export type Severity = "ok" | "warn" | "critical";
export interface Finding {
    id: string; severity: Severity; title: string; evidence?: string; value?: number | null; unit?: string; stack?: number; table?: string; recommendation?: string;
}
export interface Metric { name: string; title: string; value: number | null; unit: string; about?: string }
export interface Health { score: number | null; verdict: Severity; summary: string[]; findings: Finding[]; metrics: Metric[] }
export interface Trace {
    path: string; command?: string | null; machine?: string | null; system?: string | null; directory?: string | null; recorder?: string | null;
    sample_bytes?: number; start_unix_ns?: number; tick_ns?: number; page_bytes?: number; pointer_bytes?: number;
}
export interface ThreadName { id: number; tid: number; name: string; process: number }
export interface SizeClass { low: number; high: number }
/** Where the program itself says that a block comes from (HT_MALLOC and its kin); place 0 is "not said". */
export interface Source { file: string; line: number; function: string; variable: string }
/** An earlier recording: its sites, and its tables compared with those of this one. */
export interface Before { trace?: Trace; sites: Sites; changes?: Table[]; note?: string }

/** Of one of the maps: moment i has the pieces from first[i] on; a column with one value for all has it once. */
export interface MomentMap { table: string; cell_bytes: number; first: number[]; process: number[]; skip: number[]; cells: number[]; live_bytes: number[] }
export interface Moments { time_ns: number[]; maps: MomentMap[] }

export interface Report {
    schema: string;
    trace?: Trace; notes?: string[]; complete?: boolean; problem?: string | null;
    frames?: Frame[]; stacks?: Stacks; tables?: Table[]; sites?: Sites; slices?: Slices; threads?: ThreadName[]; sizes?: SizeClass[]; sources?: Source[];
    moments?: Moments; health?: Health | null; lines?: Record<string, Record<string, string>>; before?: Before | null;
}

export const SCHEMA = "heaptracer.report/";

/** The table of that name, or null. */
export function tableOf(report: Report, name: string): Table | null {
    return report.tables?.find((table) => table.name === name) ?? null;
}

/** The one row of a table like summary or cost. */
export function firstRow(report: Report, name: string): Record<string, unknown> {
    return tableOf(report, name)?.rows[0] ?? {};
}

export function numberOf(value: unknown): number {
    return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Says what is wrong with a document that the page cannot show. */
export function checkReport(value: unknown): Report {
    if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new Error("The data is not a JSON object");
    const report = value as Report;
    if (typeof report.schema !== "string" || !report.schema.startsWith(SCHEMA))
        throw new Error(`The data is of the kind ${JSON.stringify(report.schema ?? null)}, not ${SCHEMA}1`);
    if (report.schema !== SCHEMA + "1")
        throw new Error(`The data is of version ${report.schema.slice(SCHEMA.length)}; this page reads version 1. Make the report anew with the heaptracer that wrote it`);
    checkStacks(report.stacks);
    report.frames?.forEach(makeUpright);
    return report;
}

/** Signs that turn the direction of writing: a name could pretend to be another one. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function makeUpright(frame: Frame): void {
    for (const part of ["function", "file", "module"] as const) {
        const text = frame[part];
        if (text && text.search(TURNING) >= 0)
            frame[part] = text.replace(TURNING, "\ufffd");
    }
}

function checkStacks(stacks: Stacks | undefined): void {
    if (!stacks)
        return;
    const { parent, frame } = stacks;
    if (!Array.isArray(parent) || !Array.isArray(frame) || parent.length !== frame.length)
        throw new Error("The stacks in the data are damaged: parents and frames differ in number");
    for (let i = 0; i < parent.length; i++)
        if (parent[i] >= i)
            throw new Error(`The stacks in the data are damaged: stack ${i} stands before its caller`);
}
