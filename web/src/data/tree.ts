// tree: in weights of stacks, out a flame tree: callers above (or, inverted, callees above) with equal functions of one caller merged.
import type { Names } from "./names";
import type { Weights } from "./weights";
import type { Numbers } from "./report";

export interface FlameTree {
    total(node: number): number;
    before(node: number): number;
    /** Place in names.functions; -1 for the root. */
    func(node: number): number;
    parent(node: number): number;
    /** Children with at least this much, largest first. */
    children(node: number, least: number): number[];
    hasBefore: boolean;
}

export const ROOT = 0;

interface Items { stack: Numbers; value: Numbers; before: Numbers | null; count: number }

function itemsOf(weights: Weights): Items {
    const { stack, value, before } = weights;
    if (!before)
        return { stack, value, before: null, count: stack.length };
    const count = stack.length + before.stack.length;
    const items = { stack: new Uint32Array(count), value: new Float64Array(count), before: new Float64Array(count), count };
    items.stack.set(stack);
    items.stack.set(before.stack, stack.length);
    items.value.set(value);
    items.before.set(before.value, stack.length);
    return items;
}

/** Which nodes of the stacks are shown: all, or the program's own frames; a stack without any of those shows all but the recorder's. */
class Path {
    private readonly shown: Int32Array;

    constructor(readonly names: Names, all: boolean) {
        const { parent, frame } = names.stacks;
        this.shown = new Int32Array(parent.length);
        for (let i = 1; i < parent.length; i++)
            this.shown[i] = all || names.frames[frame[i]]?.role === "program" ? i : parent[i] > 0 ? this.shown[parent[i]] : 0;
    }

    private loose(stack: number): number {
        const { parent, frame } = this.names.stacks;
        while (stack > 0 && this.names.frames[frame[stack]]?.role === "recorder")
            stack = parent[stack];
        return stack > 0 ? -stack : 0;
    }

    /** The innermost shown node; negative in a stack that has none of the program's own. */
    inner(stack: number): number {
        return this.shown[stack] || this.loose(stack);
    }

    up(at: number): number {
        const parent = this.names.stacks.parent[Math.abs(at)];
        return parent <= 0 ? 0 : at < 0 ? this.loose(parent) : this.shown[parent];
    }

    func(at: number): number {
        return this.names.functionOf[this.names.stacks.frame[Math.abs(at)]];
    }
}

interface Shape { node: Int32Array; parent: number[]; func: number[]; first: Int32Array; children: Int32Array }

class TopDown implements FlameTree {
    private readonly totals: Float64Array;
    private readonly earlier: Float64Array | null;

    constructor(private readonly shape: Shape, items: Items) {
        this.totals = this.addUp(shape.node, items.value);
        this.earlier = items.before && this.addUp(shape.node, items.before);
    }

    private addUp(node: Int32Array, values: Numbers): Float64Array {
        const { parent } = this.shape;
        const sums = new Float64Array(parent.length);
        for (let i = 0; i < node.length; i++)
            sums[node[i]] += values[i];
        for (let i = sums.length - 1; i > 0; i--)
            sums[parent[i]] += sums[i];
        return sums;
    }

    get hasBefore(): boolean { return this.earlier !== null; }
    total(node: number): number { return this.totals[node]; }
    before(node: number): number { return this.earlier ? this.earlier[node] : 0; }
    func(node: number): number { return this.shape.func[node]; }
    parent(node: number): number { return this.shape.parent[node]; }

    children(node: number, least: number): number[] {
        const { first, children } = this.shape;
        const found: number[] = [];
        for (let at = first[node]; at < first[node + 1]; at++)
            if (this.totals[children[at]] >= least && this.totals[children[at]] > 0)
                found.push(children[at]);
        return found.sort((a, b) => this.totals[b] - this.totals[a]);
    }
}

/** Nodes are found by an open hash of typed arrays: half a million pairs in a Map take ten times as long. */
class ShapeMaker {
    readonly parent = [-1];
    readonly func = [-1];
    private slots = new Int32Array(1 << 12);
    /** Node of each place of the stacks, by how it is read: the program's own frames, or loosely. */
    private readonly own: Int32Array;
    private readonly loose = new Map<number, number>();

    constructor(private readonly path: Path) {
        this.own = new Int32Array(path.names.stacks.parent.length);
    }

    private slotOf(node: number, func: number): number {
        const mask = this.slots.length - 1;
        let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(func + 1, 0x85ebca6b)) >>> 7 & mask;
        for (let found = this.slots[slot]; found !== 0 && (this.parent[found] !== node || this.func[found] !== func); found = this.slots[slot])
            slot = (slot + 1) & mask;
        return slot;
    }

    private grow(): void {
        this.slots = new Int32Array(this.slots.length * 4);
        for (let node = 1; node < this.parent.length; node++)
            this.slots[this.slotOf(this.parent[node], this.func[node])] = node;
    }

    private child(node: number, func: number): number {
        const slot = this.slotOf(node, func);
        if (this.slots[slot] !== 0)
            return this.slots[slot];
        const child = this.slots[slot] = this.parent.length;
        this.parent.push(node);
        this.func.push(func);
        if (this.parent.length * 2 > this.slots.length)
            this.grow();
        return child;
    }

    private known(at: number): number {
        return at > 0 ? this.own[at] : this.loose.get(at) ?? 0;
    }

    nodeOf(at: number): number {
        const way: number[] = [];
        for (; at !== 0 && this.known(at) === 0; at = this.path.up(at))
            way.push(at);
        let node = at === 0 ? ROOT : this.known(at);
        for (let i = way.length - 1; i >= 0; i--) {
            node = this.child(node, this.path.func(way[i]));
            if (way[i] > 0)
                this.own[way[i]] = node;
            else
                this.loose.set(way[i], node);
        }
        return node;
    }

    finish(node: Int32Array): Shape {
        const { parent, func } = this;
        const first = new Int32Array(parent.length + 1);
        for (let i = 1; i < parent.length; i++)
            first[parent[i] + 1]++;
        for (let i = 0; i < parent.length; i++)
            first[i + 1] += first[i];
        const next = first.slice();
        const children = new Int32Array(parent.length);
        for (let i = 1; i < parent.length; i++)
            children[next[parent[i]]++] = i;
        return { node, parent, func, first, children };
    }
}

function makeShape(path: Path, stack: Numbers): Shape {
    const maker = new ShapeMaker(path);
    const node = new Int32Array(stack.length);
    for (let i = 0; i < node.length; i++)
        node[i] = maker.nodeOf(path.inner(stack[i]));
    return maker.finish(node);
}

interface Group { items: number[]; at: number[]; total: number; before: number }

/** Nodes are made when they are asked for: a tree of all callers of all sites would be larger than the trace. */
class Inverted implements FlameTree {
    private readonly groups: Group[];
    private readonly parents = [-1];
    private readonly funcs = [-1];
    private readonly known = new Map<number, number>();

    constructor(private readonly path: Path, private readonly items: Items) {
        const root: Group = { items: [], at: [], total: 0, before: 0 };
        for (let i = 0; i < items.count; i++)
            if (items.value[i] > 0 || (items.before && items.before[i] > 0))
                this.add(root, i, path.inner(items.stack[i]));
        this.groups = [root];
    }

    private add(group: Group, item: number, at: number): void {
        group.items.push(item);
        group.at.push(at);
        group.total += this.items.value[item];
        group.before += this.items.before ? this.items.before[item] : 0;
    }

    get hasBefore(): boolean { return this.items.before !== null; }
    total(node: number): number { return this.groups[node].total; }
    before(node: number): number { return this.groups[node].before; }
    func(node: number): number { return this.funcs[node]; }
    parent(node: number): number { return this.parents[node]; }

    children(node: number, least: number): number[] {
        const byFunction: Group[] = [];
        const { items, at } = this.groups[node];
        const funcs: number[] = [];
        for (let i = 0; i < items.length; i++) {
            const next = node === ROOT ? at[i] : at[i] === 0 ? 0 : this.path.up(at[i]);
            if (next === 0)
                continue;
            const func = this.path.func(next);
            let group = byFunction[func];
            if (!group) {
                byFunction[func] = group = { items: [], at: [], total: 0, before: 0 };
                funcs.push(func);
            }
            this.add(group, items[i], next);
        }
        const found = funcs.filter((func) => byFunction[func].total > 0 && byFunction[func].total >= least);
        return found.sort((a, b) => byFunction[b].total - byFunction[a].total).map((func) => this.keep(node, func, byFunction[func]));
    }

    private keep(parent: number, func: number, group: Group): number {
        const key = parent * this.path.names.functions.length + func;
        let node = this.known.get(key);
        if (node === undefined) {
            this.known.set(key, node = this.groups.length);
            this.parents.push(parent);
            this.funcs.push(func);
        }
        this.groups[node] = group;
        return node;
    }
}

const paths = new WeakMap<Names, Map<boolean, Path>>();
const shapes = new WeakMap<object, Map<boolean, Shape>>();
const trees = new WeakMap<Weights, Map<string, FlameTree>>();

function remember<K extends object, S, V>(cache: WeakMap<K, Map<S, V>>, owner: K, key: S, make: () => V): V {
    let known = cache.get(owner);
    if (!known)
        cache.set(owner, known = new Map());
    let value = known.get(key);
    if (value === undefined)
        known.set(key, value = make());
    return value;
}

export function treeOf(names: Names, weights: Weights, inverted: boolean, all: boolean): FlameTree {
    return remember(trees, weights, `${inverted} ${all}`, () => {
        const path = remember(paths, names, all, () => new Path(names, all));
        const items = itemsOf(weights);
        if (inverted)
            return new Inverted(path, items);
        const owner = weights.before ? weights : weights.stack as object;
        return new TopDown(remember(shapes, owner, all, () => makeShape(path, items.stack)), items);
    });
}

/** The node at the end of a path of functions from the root, or the last that is there. */
export function findNode(tree: FlameTree, path: number[]): number {
    let node = ROOT;
    for (const func of path) {
        const next = tree.children(node, 0).find((child) => tree.func(child) === func);
        if (next === undefined)
            break;
        node = next;
    }
    return node;
}

export function pathTo(tree: FlameTree, node: number): number[] {
    const path: number[] = [];
    for (; node > ROOT; node = tree.parent(node))
        path.push(tree.func(node));
    return path.reverse();
}
