// series: in beats, out columns over time of bounded length, and what of them a chart of some width can show: lowest and highest of each step, or rates.
import type { Numbers } from "./report";

/** Points that are kept; beyond it the older half is thinned. */
export const MOST_POINTS = 1 << 17;

const FIRST_ROOM = 1024;

export class Series {
    count = 0;
    private room = FIRST_ROOM;
    private at = new Float64Array(FIRST_ROOM);
    private readonly columns = new Map<string, Float64Array>();

    constructor(private readonly most = MOST_POINTS) {}

    get times(): Float64Array {
        return this.at.subarray(0, this.count);
    }

    get end(): number {
        return this.count > 0 ? this.at[this.count - 1] : -Infinity;
    }

    names(): string[] {
        return [...this.columns.keys()];
    }

    column(name: string): Float64Array | null {
        return this.columns.get(name)?.subarray(0, this.count) ?? null;
    }

    clear(): void {
        this.count = 0;
        this.columns.clear();
    }

    /** Times only grow; a beat that comes late is left out. */
    push(ns: number, values: Record<string, number>): void {
        if (!(ns > this.end))
            return;
        if (this.count === this.most)
            this.thin();
        if (this.count === this.room)
            this.grow();
        for (const name in values)
            this.own(name)[this.count] = values[name];
        for (const [name, column] of this.columns)
            if (!(name in values))
                column[this.count] = NaN;
        this.at[this.count++] = ns;
    }

    private own(name: string): Float64Array {
        let column = this.columns.get(name);
        if (!column)
            this.columns.set(name, column = new Float64Array(this.room).fill(NaN));
        return column;
    }

    private grow(): void {
        this.room *= 2;
        const longer = (old: Float64Array) => { const column = new Float64Array(this.room).fill(NaN); column.set(old); return column; };
        this.at = longer(this.at);
        for (const [name, column] of this.columns)
            this.columns.set(name, longer(column));
    }

    /** Every second point of the older half goes. */
    private thin(): void {
        const half = this.count >> 1;
        for (const column of [this.at, ...this.columns.values()]) {
            for (let i = 0; i < half; i += 2)
                column[i >> 1] = column[i];
            column.copyWithin((half + 1) >> 1, half, this.count);
        }
        this.count -= half >> 1;
    }

    /** Points before those that are there, and behind them: what was missed while nobody listened. The times grow. */
    fill(times: Float64Array, columns: Record<string, Float64Array>): void {
        const begin = this.count > 0 ? this.at[0] : Infinity, end = this.count > 0 ? this.end : Infinity;
        const head = times.findIndex((ns) => ns >= begin), tail = times.findIndex((ns) => ns > end);
        const before = head < 0 ? times.length : head, behind = tail < 0 ? times.length : tail;
        const least = Math.max(0, before + this.count + times.length - behind - this.most);
        const count = before - Math.min(before, least) + this.count + times.length - behind;
        this.room = Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(count + 1)));
        const join = (given: Float64Array | undefined, old: Float64Array | undefined) => {
            const column = new Float64Array(this.room).fill(NaN);
            const first = before - Math.min(before, least);
            if (given) {
                column.set(given.subarray(before - first, before));
                column.set(given.subarray(behind), first + this.count);
            }
            if (old)
                column.set(old.subarray(0, this.count), first);
            return column;
        };
        for (const name of new Set([...Object.keys(columns), ...this.columns.keys()]))
            this.columns.set(name, join(columns[name], this.columns.get(name)));
        this.at = join(times, this.at);
        this.count = count;
    }

    /** Place of the first point at or behind a moment. */
    placeAt(ns: number): number {
        let low = 0, high = this.count;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.at[middle] < ns)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}

export interface Drawn { times: Numbers; values: Numbers[] }

/** Where each of so many equal steps between two moments begins; steps keep their place when the window moves on. */
function stepsOf(series: Series, from: number, to: number, steps: number): { first: number; last: number; width: number } {
    const width = 2 ** Math.ceil(Math.log2(Math.max(1, (to - from) / Math.max(1, steps))));
    return { first: Math.max(0, series.placeAt(from) - 1), last: Math.min(series.count, series.placeAt(to) + 1), width };
}

/** For each step that has points the place behind its last one. */
function endsOf(series: Series, first: number, last: number, width: number): number[] {
    const all = series.times, ends: number[] = [];
    for (let i = first; i < last; ends.push(i))
        i = Math.min(last, Math.max(i + 1, series.placeAt((Math.floor(all[i] / width) + 1) * width)));
    return ends;
}

/** The newest of each step: for what is as small as a word. */
export function newestOf(series: Series, name: string, from: number, to: number, steps: number): number[] {
    const { first, last, width } = stepsOf(series, from, to, steps);
    const column = series.column(name);
    return column ? endsOf(series, first, last, width).map((end) => column[end - 1]) : [];
}

/** Lowest and highest of each step, so that no spike is lost; every point where they are few. */
export function levelsOf(series: Series, names: string[], from: number, to: number, steps: number): Drawn {
    const { first, last, width } = stepsOf(series, from, to, steps);
    const columns = names.map((name) => series.column(name));
    if (last - first <= steps * 2)
        return { times: series.times.subarray(first, last), values: columns.map((column) => column?.subarray(first, last) ?? []) };
    const times: number[] = [];
    const values: number[][] = names.map(() => []);
    const all = series.times, ends = endsOf(series, first, last, width);
    for (let k = 0, i = first; k < ends.length; i = ends[k++]) {
        const end = ends[k];
        times.push(all[i], all[end - 1] > all[i] ? all[end - 1] : all[i] + width / 2);
        columns.forEach((column, at) => pushEnds(values[at], column, i, end));
    }
    return { times, values };
}

function pushEnds(values: number[], column: Float64Array | null, from: number, to: number): void {
    let low = NaN, high = NaN, lowAt = from, highAt = from;
    for (let i = from; column && i < to; i++) {
        if (!(column[i] >= low))
            low = column[lowAt = i];
        if (!(column[i] <= high))
            high = column[highAt = i];
    }
    values.push(...(lowAt <= highAt ? [low, high] : [high, low]));
}

/** What totals grew by a second, over each step. */
export function ratesOf(series: Series, names: string[], from: number, to: number, steps: number): Drawn {
    const { first, last, width } = stepsOf(series, from, to, steps);
    const all = series.times;
    const places = endsOf(series, first, last, width).map((end) => end - 1);
    const seconds = (i: number) => (all[places[i]] - all[places[i - 1]]) / 1e9;
    const rate = (column: Float64Array) => places.slice(1).map((place, i) => Math.max(0, column[place] - column[places[i]]) / seconds(i + 1));
    return { times: places.slice(1).map((place) => all[place]), values: names.map((name) => { const column = series.column(name); return column ? rate(column) : []; }) };
}

/** What a total grew by a second over the last seconds. */
export function rateNow(series: Series, name: string, seconds: number): number {
    const column = series.column(name);
    const from = Math.max(0, series.placeAt(series.end - seconds * 1e9) - 1);
    const passed = series.end - (series.times[from] ?? NaN);
    return column && passed > 0 ? (column[series.count - 1] - column[from]) / passed * 1e9 : NaN;
}
