// flame: in a flame tree, the frame that fills the width and the width, out boxes; draws them; finds the one at a point.
import type { Names } from "../data/names";
import { ROOT, type FlameTree } from "../data/tree";
import { clip, type Painter } from "./painter";
import { changeFill, groupFill, groupText, theme } from "./theme";

export const ROW = 22;
const LEAST = 0.5;

export interface Boxes { node: number[]; x: number[]; w: number[]; row: number[]; rows: number }

function push(boxes: Boxes, node: number, x: number, w: number, row: number): void {
    boxes.node.push(node);
    boxes.x.push(x);
    boxes.w.push(w);
    boxes.row.push(row);
    boxes.rows = Math.max(boxes.rows, row + 1);
}

/** Callers of the zoomed frame fill the width; below it each frame has its share. */
export function layFlame(tree: FlameTree, zoom: number, width: number): Boxes {
    const boxes: Boxes = { node: [], x: [], w: [], row: [], rows: 0 };
    const above: number[] = [];
    for (let node = zoom; node >= ROOT; node = tree.parent(node))
        above.push(node);
    above.reverse().forEach((node, row) => push(boxes, node, 0, width, row));
    const scale = tree.total(zoom) > 0 ? width / tree.total(zoom) : 0;
    const waiting: [number, number, number][] = scale > 0 ? [[zoom, 0, above.length]] : [];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
        let [node, x, row] = next;
        for (const child of tree.children(node, LEAST / scale)) {
            const w = tree.total(child) * scale;
            push(boxes, child, x, w, row);
            waiting.push([child, x, row + 1]);
            x += w;
        }
    }
    return boxes;
}

export interface FlameLook { tree: FlameTree; names: Names; groups: Map<string, number>; hits: Uint8Array | null; root: string; zoom: number; focus: number }

/** Modules by first appearance: a module keeps its colour in every view. */
export function moduleGroups(names: Names): Map<string, number> {
    const groups = new Map<string, number>();
    for (const entry of names.functions)
        if (!groups.has(entry.module) && (entry.role === "program" || entry.role === "library"))
            groups.set(entry.module, groups.size);
    for (const entry of names.functions)
        if (!groups.has(entry.module))
            groups.set(entry.module, groups.size);
    return groups;
}

function fillOf(look: FlameLook, node: number): string {
    const { tree, names, hits } = look;
    const func = tree.func(node);
    if (hits && func >= 0 && hits[func])
        return theme().dark ? "hsl(300 52% 42%)" : "hsl(300 82% 82%)";
    if (func < 0 || hits)
        return theme().dark ? "#2b323c" : "#e9ecf1";
    if (tree.hasBefore) {
        const [now, was] = [tree.total(node), tree.before(node)];
        return changeFill(now + was > 0 ? (now - was) / Math.max(now, was) : 0);
    }
    return groupFill(look.groups.get(names.functions[func].module) ?? 0, func);
}

export function nodeName(look: Pick<FlameLook, "tree" | "names" | "root">, node: number): string {
    const func = look.tree.func(node);
    return func < 0 ? look.root : look.names.functions[func].name;
}

export function drawFlame(painter: Painter, boxes: Boxes, look: FlameLook): void {
    const ink = groupText();
    for (let i = 0; i < boxes.node.length; i++) {
        const [node, x, w, y] = [boxes.node[i], boxes.x[i], boxes.w[i], boxes.row[i] * ROW];
        painter.rect(x, y, w > 3 ? w - 1 : w, ROW - 1, fillOf(look, node), 2);
        if (w > 26) {
            const text = clip(nodeName(look, node), w - 10, 12, true);
            if (text)
                painter.text(x + 5, y + ROW / 2, text, ink, { mono: true });
        }
    }
    const at = boxes.node.indexOf(look.focus);
    if (at >= 0)
        painter.frame(boxes.x[at], boxes.row[at] * ROW, Math.max(3, boxes.w[at] - 1), ROW - 1, theme().text, 2);
}

export function boxAt(boxes: Boxes, x: number, y: number): number {
    const row = Math.floor(y / ROW);
    for (let i = 0; i < boxes.node.length; i++)
        if (boxes.row[i] === row && x >= boxes.x[i] && x < boxes.x[i] + boxes.w[i])
            return i;
    return -1;
}

/** The box that an arrow key leads to. */
export function stepBox(boxes: Boxes, tree: FlameTree, from: number, key: string): number {
    const row = boxes.row[from];
    if (key === "ArrowUp")
        return boxes.node.indexOf(tree.parent(boxes.node[from]));
    if (key === "ArrowDown") {
        const below = boxes.node.findIndex((node, i) => boxes.row[i] === row + 1 && tree.parent(node) === boxes.node[from]);
        return below;
    }
    let best = -1;
    for (let i = 0; i < boxes.node.length; i++) {
        if (boxes.row[i] !== row || i === from)
            continue;
        const ahead = key === "ArrowRight" ? boxes.x[i] > boxes.x[from] : boxes.x[i] < boxes.x[from];
        if (ahead && (best < 0 || Math.abs(boxes.x[i] - boxes.x[from]) < Math.abs(boxes.x[best] - boxes.x[from])))
            best = i;
    }
    return best;
}

/** How much of the whole goes through a function with a hit, each stack counted once. */
export function hitShare(tree: FlameTree, hits: Uint8Array): number {
    let found = 0;
    const waiting = [ROOT];
    const least = tree.total(ROOT) * 1e-5;
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        const func = tree.func(node);
        if (func >= 0 && hits[func])
            found += tree.total(node);
        else
            waiting.push(...tree.children(node, least));
    }
    return tree.total(ROOT) > 0 ? found / tree.total(ROOT) : 0;
}
