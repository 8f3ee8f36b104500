// treemap: in shares, out tiles whose areas are the shares, as square as can be (Bruls, Huizing, van Wijk: squarified treemaps).
import type { Share } from "../data/modules";
import { bytes, count } from "../data/format";
import { clip, type Painter } from "./painter";
import { groupFill, groupText, theme } from "./theme";

export interface Tile { share: Share; group: number; depth: number; x: number; y: number; w: number; h: number }
interface Box { x: number; y: number; w: number; h: number }

const HEAD = 20;

/** The worst ratio of sides in a row of these areas along a side. */
function worst(sum: number, largest: number, least: number, side: number): number {
    return Math.max(side * side * largest / (sum * sum), sum * sum / (side * side * least));
}

function rowLength(areas: number[], from: number, side: number): number {
    let sum = areas[from];
    let to = from + 1;
    while (to < areas.length && worst(sum + areas[to], areas[from], areas[to], side) <= worst(sum, areas[from], areas[to - 1], side))
        sum += areas[to++];
    return to;
}

export function squarify(values: number[], box: Box): Box[] {
    const total = values.reduce((a, b) => a + b, 0);
    const areas = values.map((value) => total > 0 ? value / total * box.w * box.h : 0);
    const tiles: Box[] = [];
    let { x, y, w, h } = box;
    for (let from = 0; from < areas.length;) {
        const side = Math.min(w, h);
        const to = side > 0 ? rowLength(areas, from, side) : areas.length;
        const sum = areas.slice(from, to).reduce((a, b) => a + b, 0);
        const thick = side > 0 ? sum / side : 0;
        let along = 0;
        for (; from < to; from++) {
            const length = thick > 0 ? areas[from] / thick : 0;
            tiles.push(w >= h ? { x, y: y + along, w: thick, h: length } : { x: x + along, y, w: length, h: thick });
            along += length;
        }
        if (w >= h)
            x += thick, w -= thick;
        else
            y += thick, h -= thick;
    }
    return tiles;
}

export function layTreemap(shares: Share[], groups: Map<string, number>, width: number, height: number): Tile[] {
    const tiles: Tile[] = [];
    squarify(shares.map((share) => share.value), { x: 0, y: 0, w: width, h: height }).forEach((box, i) => {
        const share = shares[i];
        const group = groups.get(share.name) ?? 0;
        if (box.w < 1 || box.h < 1)
            return;
        tiles.push({ share, group, depth: 0, ...box });
        const head = box.h > HEAD * 2 && box.w > 40 ? HEAD : 0;
        const inner = { x: box.x + 1, y: box.y + head, w: box.w - 3, h: box.h - head - 2 };
        squarify(share.parts.map((part) => part.value), inner).forEach((part, k) => {
            if (part.w >= 1.5 && part.h >= 1.5)
                tiles.push({ share: share.parts[k], group, depth: 1, ...part });
        });
    });
    return tiles;
}

export function drawTreemap(painter: Painter, tiles: Tile[], by: "bytes" | "count", focus: number): void {
    const ink = groupText();
    const told = by === "bytes" ? bytes : count;
    tiles.forEach((tile, i) => {
        if (tile.depth === 0) {
            painter.rect(tile.x, tile.y, tile.w - 1, tile.h - 1, theme().dark ? "#262c35" : "#e4e8ee", 3);
            if (tile.h > HEAD * 2 && tile.w > 40)
                painter.text(tile.x + 6, tile.y + HEAD / 2 + 1, clip(`${tile.share.name}  ${told(tile.share.value)}`, tile.w - 12, 12), theme().text, { bold: true });
            return;
        }
        painter.rect(tile.x, tile.y, tile.w - 1, tile.h - 1, groupFill(tile.group, i), 2);
        if (tile.w > 40 && tile.h > 16) {
            painter.text(tile.x + 5, tile.y + 10, clip(tile.share.name, tile.w - 10, 11, true), ink, { mono: true, size: 11 });
            if (tile.h > 32)
                painter.text(tile.x + 5, tile.y + 24, clip(told(tile.share.value), tile.w - 10, 11), ink, { size: 11 });
        }
    });
    const tile = tiles[focus];
    if (tile)
        painter.frame(tile.x, tile.y, tile.w - 1, tile.h - 1, theme().text, 2);
}

/** The innermost tile at a point. */
export function tileAt(tiles: Tile[], x: number, y: number): number {
    for (let i = tiles.length - 1; i >= 0; i--) {
        const tile = tiles[i];
        if (x >= tile.x && x < tile.x + tile.w && y >= tile.y && y < tile.y + tile.h)
            return i;
    }
    return -1;
}
