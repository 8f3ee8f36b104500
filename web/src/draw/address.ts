// address: in stretches of memory, out a map of them: in order of their addresses, gaps left out, one cell per equal piece; by rows, or along Hilbert's curve.
import type { Numbers } from "../data/report";
import type { Stretches } from "../data/stretches";
import type { Painter } from "./painter";
import { theme, viridis } from "./theme";

/** What stretches lie in, one behind the other: `at` is where each begins on the map. */
interface Space { address: number[]; end: number[]; process: number[]; at: number[]; total: number }
/** Stretches with their places on the map. */
export interface Field { stretches: Stretches; at: Float64Array; space: Space }
/** The part of a map from an offset on, as so many cells of a piece each. */
export interface Grid { field: Field; from: number; piece: number; across: number; lines: number; curved: boolean }

export const CELL = 8;
const LEVELS = 48;
const LEAST_PIECE = 8;

/** Of several times of one memory: what any of them has. */
export function spaceOf(all: Stretches[]): Space {
    const space: Space = { address: [], end: [], process: [], at: [], total: 0 };
    const places = all.map(() => 0);
    for (;;) {
        let best = -1;
        all.forEach((each, k) => {
            const i = places[k];
            if (i < each.count && (best < 0 || each.process[i] < all[best].process[places[best]] || (each.process[i] === all[best].process[places[best]] && each.address[i] < all[best].address[places[best]])))
                best = k;
        });
        if (best < 0)
            break;
        const { address, bytes, process } = all[best], i = places[best]++;
        const last = space.end.length - 1;
        if (last >= 0 && space.process[last] === process[i] && address[i] <= space.end[last]) {
            space.end[last] = Math.max(space.end[last], address[i] + bytes[i]);
        } else {
            space.address.push(address[i]);
            space.end.push(address[i] + bytes[i]);
            space.process.push(process[i]);
        }
    }
    for (let i = 0; i < space.end.length; i++) {
        space.at.push(space.total);
        space.total += space.end[i] - space.address[i];
    }
    return space;
}

export function fieldOf(stretches: Stretches, space: Space): Field {
    const at = new Float64Array(stretches.count);
    for (let i = 0, k = 0; i < stretches.count; i++) {
        while (space.process[k] !== stretches.process[i] || space.end[k] < stretches.address[i] + stretches.bytes[i])
            k++;
        at[i] = space.at[k] + stretches.address[i] - space.address[k];
    }
    return { stretches, at, space };
}

/** Those that lie within the space. */
export function partOf(stretches: Stretches, space: Space): Stretches {
    const kept: number[] = [];
    for (let i = 0, k = 0; i < stretches.count; i++) {
        const after = () => space.process[k] < stretches.process[i] || (space.process[k] === stretches.process[i] && space.end[k] < stretches.address[i] + stretches.bytes[i]);
        while (k < space.end.length && after())
            k++;
        if (space.process[k] === stretches.process[i] && space.address[k] <= stretches.address[i])
            kept.push(i);
    }
    const take = (values: Numbers) => Float64Array.from(kept, (i) => values[i]);
    return { count: kept.length, address: take(stretches.address), bytes: take(stretches.bytes), live: take(stretches.live), process: take(stretches.process), row: take(stretches.row) };
}

/** The whole at `zoom` 1; a part of it from `from` on at more. */
export function gridOf(field: Field, width: number, height: number, zoom: number, from: number, curved: boolean): Grid {
    const wide = Math.max(1, Math.floor(width / CELL)), high = Math.max(1, Math.floor(height / CELL));
    const side = 2 ** Math.floor(Math.log2(Math.min(wide, high)));
    const cells = curved ? side * side : wide * high;
    const piece = Math.max(LEAST_PIECE, 2 ** Math.ceil(Math.log2(Math.max(1, field.space.total / zoom / cells))));
    const shown = Math.min(cells, Math.ceil(field.space.total / piece));
    const begin = Math.max(0, Math.min(Math.floor(from / piece), Math.ceil(field.space.total / piece) - shown)) * piece;
    return { field, from: begin, piece, across: curved ? side : wide, lines: curved ? side : Math.ceil(shown / wide), curved };
}

export function cellsOf(grid: Grid): number {
    return Math.min(grid.across * grid.lines, Math.ceil((grid.field.space.total - grid.from) / grid.piece));
}

/** Place of the last of ascending values that is not above. */
function lastAt(values: Numbers, wanted: number): number {
    let low = -1, high = values.length;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (values[middle] <= wanted)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/** The stretch that a cell shows most of, or the one before it in the free piece; -1: nothing was there at that time. */
export function stretchAt(grid: Grid, cell: number): number {
    const { field, from, piece } = grid;
    const begin = from + cell * piece, end = begin + piece;
    let best = -1, most = 0;
    for (let i = Math.max(0, lastAt(field.at, begin)); i < field.at.length && field.at[i] < end; i++) {
        const shared = Math.min(end, field.at[i] + field.stretches.bytes[i]) - Math.max(begin, field.at[i]);
        if (shared > most)
            [best, most] = [i, shared];
    }
    return best;
}

/** How many stretches have a part in a cell. */
export function countAt(grid: Grid, cell: number): number {
    const { field: { at, stretches }, from, piece } = grid;
    const begin = from + cell * piece, end = begin + piece;
    let count = 0;
    for (let i = Math.max(0, lastAt(at, begin)); i < at.length && at[i] < end; i++)
        count += at[i] + stretches.bytes[i] > begin ? 1 : 0;
    return count;
}

/** The cells in which a stretch begins. */
export function beginsOf(grid: Grid): Uint8Array {
    const begins = new Uint8Array(cellsOf(grid));
    for (const at of grid.field.at)
        if (at >= grid.from)
            begins[Math.floor((at - grid.from) / grid.piece)] = 1;
    return begins;
}

/** The addresses that are shown, where they are those of one process; else null. */
export function windowOf(grid: Grid): { from: number; to: number; process: number } | null {
    const { field: { space }, from, piece } = grid;
    const end = Math.min(space.total, from + cellsOf(grid) * piece) - 1;
    const first = lastAt(space.at, from), last = lastAt(space.at, end);
    return first < 0 || end < from || space.process[first] !== space.process[last] ? null
        : { from: space.address[first] + from - space.at[first], to: space.address[last] + end - space.at[last] + 1, process: space.process[first] };
}

/** What the stretches in sight have of a figure of theirs, spread evenly. */
export function inSight(grid: Grid, figure: (row: number) => number): number {
    const { field: { at, stretches }, from, piece } = grid;
    const end = from + cellsOf(grid) * piece;
    let sum = 0;
    for (let i = Math.max(0, lastAt(at, from)); i < at.length && at[i] < end; i++)
        sum += figure(stretches.row[i]) * Math.max(0, Math.min(end, at[i] + stretches.bytes[i]) - Math.max(from, at[i])) / stretches.bytes[i];
    return sum;
}

/** The address at which a cell begins. */
export function addressAt(grid: Grid, cell: number): number {
    const { space } = grid.field;
    const at = grid.from + cell * grid.piece, k = Math.max(0, lastAt(space.at, at));
    return space.address[k] + at - space.at[k];
}

/** Hilbert's curve: what is near in memory is near on the map. */
function curve(side: number, place: number): [number, number] {
    let x = 0, y = 0;
    for (let size = 1, rest = place; size < side; size *= 2, rest >>= 2) {
        const right = 1 & (rest >> 1), up = 1 & (rest ^ right);
        if (up === 0) {
            if (right === 1)
                [x, y] = [size - 1 - x, size - 1 - y];
            [x, y] = [y, x];
        }
        x += size * right;
        y += size * up;
    }
    return [x, y];
}

const curves = new Map<number, { x: Uint16Array; y: Uint16Array; place: Uint32Array }>();

function curveOf(side: number) {
    let known = curves.get(side);
    if (!known) {
        known = { x: new Uint16Array(side * side), y: new Uint16Array(side * side), place: new Uint32Array(side * side) };
        for (let place = 0; place < side * side; place++) {
            const [x, y] = curve(side, place);
            known.x[place] = x;
            known.y[place] = y;
            known.place[y * side + x] = place;
        }
        curves.set(side, known);
    }
    return known;
}

export function cellAt(grid: Grid, x: number, y: number): number {
    const [column, line] = [Math.floor(x / CELL), Math.floor(y / CELL)];
    if (column < 0 || line < 0 || column >= grid.across || line >= grid.lines)
        return -1;
    const cell = grid.curved ? curveOf(grid.across).place[line * grid.across + column] : line * grid.across + column;
    return cell < cellsOf(grid) ? cell : -1;
}

export function placeOf(grid: Grid, cell: number): [number, number] {
    if (!grid.curved)
        return [cell % grid.across * CELL, Math.floor(cell / grid.across) * CELL];
    const { x, y } = curveOf(grid.across);
    return [x[cell] * CELL, y[cell] * CELL];
}

/** How full each cell is, of a stretch's bytes spread evenly; negative where nothing lies. */
export function fillsOf(grid: Grid): Float64Array {
    const { field, from, piece } = grid;
    const { stretches, at } = field;
    const live = new Float64Array(cellsOf(grid)), known = new Float64Array(live.length);
    for (let i = Math.max(0, lastAt(at, from)); i < at.length && at[i] < from + piece * live.length; i++) {
        const size = stretches.bytes[i], density = size > 0 ? stretches.live[i] / size : 0;
        const begin = at[i] - from, end = begin + size;
        for (let cell = Math.max(0, Math.floor(begin / piece)); cell < live.length && cell * piece < end; cell++) {
            const shared = Math.min(end, (cell + 1) * piece) - Math.max(begin, cell * piece);
            live[cell] += shared * density;
            known[cell] += shared;
        }
    }
    return live.map((value, cell) => known[cell] > 0 ? value / piece : -1);
}

let ramp: string[] = [];

function colourOf(share: number): string {
    if (ramp.length === 0)
        ramp = Array.from({ length: LEVELS + 1 }, (_, i) => viridis(0.08 + 0.92 * i / LEVELS));
    return ramp[Math.round(Math.min(1, share) * LEVELS)];
}

/** `begins`: cells at which something begins, which is parted from what is before it. */
export function drawMap(painter: Painter, grid: Grid, fills: Float64Array, focus: number, begins: Uint8Array | null = null): void {
    const colour = (cell: number) => fills[cell] < 0 ? theme().hover : fills[cell] === 0 ? theme().border : colourOf(fills[cell]);
    for (let cell = 0; cell < fills.length;) {
        const [x, y] = placeOf(grid, cell);
        const fill = colour(cell);
        let next = cell + 1;
        while (!grid.curved && next < fills.length && next % grid.across !== 0 && colour(next) === fill)
            next++;
        painter.rect(x, y, (next - cell) * CELL, CELL, fill);
        cell = next;
    }
    for (let i = 1; i < grid.across && !grid.curved; i++)
        painter.rect(i * CELL - 1, 0, 1, grid.lines * CELL, theme().surface);
    for (let i = 1; i < grid.lines && !grid.curved; i++)
        painter.rect(0, i * CELL - 1, grid.across * CELL, 1, theme().surface);
    for (let cell = 0; begins && cell < begins.length; cell++)
        if (begins[cell]) {
            const [x, y] = placeOf(grid, cell);
            painter.rect(x, y, 2, CELL - 1, theme().surface);
        }
    if (focus >= 0 && focus < fills.length) {
        const [x, y] = placeOf(grid, focus);
        painter.frame(x - 2, y - 2, CELL + 3, CELL + 3, theme().text, 2);
    }
}
