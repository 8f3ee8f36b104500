// weights: in a metric and a range, out one weight per stack: what flame graph and treemap are made of.
import type { Numbers, Report } from "./report";
import { sumCells, type Range } from "./range";

export const METRICS = ["leaked", "peak", "allocated", "temporary", "growth"] as const;
export type Metric = typeof METRICS[number];
export type By = "bytes" | "count";

export const METRIC_TITLES: Record<Metric, string> = {
    leaked: "Never freed", peak: "At peak", allocated: "Allocated", temporary: "Temporary", growth: "Growth",
};

/** What a figure's bytes or blocks are, behind that word. */
export const METRIC_WORDS: Record<Metric, string> = {
    leaked: "never freed", peak: "at the peak", allocated: "allocated", temporary: "freed at once", growth: "of growth",
};

export interface Weights { stack: Numbers; value: Numbers; before: Weights | null; total: number }

function columnOf(report: Report, metric: Metric, by: By, range: Range | null): Numbers | null {
    const name = `${metric}_${by}`;
    if (!range)
        return metric === "growth" ? null : report.sites?.[name] ?? null;
    const cells = report.slices?.sites;
    if (!cells || metric === "peak")
        return null;
    const sums = sumCells(cells, range);
    if (metric !== "growth")
        return sums.column(name) ?? null;
    const [made, freed] = [sums.column(`allocated_${by}`), sums.column(`freed_${by}`)];
    return made && freed ? made.map((value, i) => Math.max(0, value - freed[i])) : null;
}

/** Whether the document has that figure; growth only makes sense in a range. */
export function hasWeights(report: Report, metric: Metric, by: By, range: Range | null): boolean {
    if (range) {
        const cells = report.slices?.sites;
        return metric !== "peak" && Boolean(cells && (metric === "growth" ? cells[`freed_${by}`] : cells[`${metric}_${by}`]));
    }
    return metric !== "growth" && Boolean(report.sites?.[`${metric}_${by}`]);
}

/** What was never freed is the question as long as it is more than this part of the peak. */
const WORTH = 0.01;

/** The asked metric, or the one that tells most about this recording. */
export function bestMetric(report: Report, asked: Metric | null, by: By, range: Range | null): Metric {
    if (asked && hasWeights(report, asked, by, range))
        return asked;
    const total = (metric: Metric) => hasWeights(report, metric, by, range) ? weightsOf(report, metric, by, range).total : 0;
    const order: Metric[] = range ? ["growth", "leaked", "allocated"] : total("leaked") > total("peak") * WORTH ? ["leaked", "peak", "allocated"] : ["peak", "allocated", "leaked"];
    return order.find((metric) => total(metric) > 0) ?? "allocated";
}

const cache = new WeakMap<object, Map<string, Weights>>();

export function weightsOf(report: Report, metric: Metric, by: By, range: Range | null): Weights {
    const owner = (range ? report.slices?.sites : report.sites) ?? report;
    const key = `${metric} ${by} ${range ? `${range.from}-${range.to}` : ""}`;
    let known = cache.get(owner);
    if (!known)
        cache.set(owner, known = new Map());
    let weights = known.get(key);
    if (!weights) {
        if (known.size > 16)
            known.clear();
        known.set(key, weights = makeWeights(report, metric, by, range));
    }
    return weights;
}

function makeWeights(report: Report, metric: Metric, by: By, range: Range | null): Weights {
    const value = columnOf(report, metric, by, range);
    const stack = value ? report.sites?.stack ?? [] : [];
    const earlier = !range && report.before?.sites;
    const beforeValue = earlier ? earlier[`${metric}_${by}`] : undefined;
    const before = earlier && beforeValue ? { stack: earlier.stack, value: beforeValue, before: null, total: sum(beforeValue) } : null;
    return { stack, value: value ?? [], before, total: sum(value ?? []) };
}

function sum(values: Numbers): number {
    let total = 0;
    for (let i = 0; i < values.length; i++)
        total += values[i];
    return total;
}
