// address: in address ranges with live bytes, out a map: regions in order, gaps left out, one cell per equal piece of memory.
import type { Painter } from "./painter";
import { theme, viridis } from "./theme";

export interface Region { start: number; bytes: number; live: number; row: number; process: number }
export interface AddressMap { regions: Region[]; offsets: number[]; total: number; piece: number; across: number; cells: number; seams: boolean }

export const CELL = 12;
const ROWS = 40;

/** In at most so many lines of cells; with seams, where a region begins is marked. */
export function layAddresses(regions: Region[], width: number, lines = ROWS, seams = regions.length < 400): AddressMap {
    const offsets: number[] = [];
    let total = 0;
    for (const region of regions) {
        offsets.push(total);
        total += region.bytes;
    }
    const across = Math.max(1, Math.floor(width / CELL));
    const piece = Math.max(16, 2 ** Math.ceil(Math.log2(Math.max(1, total / (across * lines)))));
    return { regions, offsets, total, piece, across, cells: Math.ceil(total / piece), seams };
}

export function mapHeight(map: AddressMap): number {
    return Math.ceil(map.cells / map.across) * CELL;
}

/** The region that holds the begin of a cell. */
export function regionAt(map: AddressMap, cell: number): number {
    const at = cell * map.piece;
    let low = 0, high = map.offsets.length;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (map.offsets[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/** Live share of each cell: each region's live bytes are spread evenly over it. */
function fills(map: AddressMap): Float64Array {
    const live = new Float64Array(map.cells);
    map.regions.forEach((region, i) => {
        const density = region.bytes > 0 ? region.live / region.bytes : 0;
        const end = map.offsets[i] + region.bytes;
        for (let cell = Math.floor(map.offsets[i] / map.piece); cell * map.piece < end; cell++)
            live[cell] += (Math.min(end, (cell + 1) * map.piece) - Math.max(map.offsets[i], cell * map.piece)) * density;
    });
    return live.map((value) => value / map.piece);
}

export function drawAddresses(painter: Painter, map: AddressMap, focus: number): void {
    const shares = fills(map);
    for (let cell = 0; cell < map.cells; cell++) {
        const [x, y] = [cell % map.across * CELL, Math.floor(cell / map.across) * CELL];
        painter.rect(x, y, CELL - 1, CELL - 1, shares[cell] <= 0 ? theme().border : viridis(0.08 + 0.92 * shares[cell]), 2);
    }
    for (let i = 1; i < map.regions.length; i++) {
        const cell = Math.floor(map.offsets[i] / map.piece);
        if (map.seams)
            painter.rect(cell % map.across * CELL - 1, Math.floor(cell / map.across) * CELL, 1, CELL - 1, theme().text);
    }
    if (focus >= 0 && focus < map.cells)
        painter.frame(focus % map.across * CELL - 1, Math.floor(focus / map.across) * CELL - 1, CELL + 1, CELL + 1, theme().text, 2);
}
