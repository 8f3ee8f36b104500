// names: in stacks and frames, out what people call them: the function that stands for a stack, its place in the source, its callers.
import type { Frame, Report, Stacks } from "./report";

export interface Names {
    stacks: Stacks;
    frames: Frame[];
    /** The stack whose innermost frame stands for this one: the program's own, else itself. */
    own: Int32Array;
    /** Frames with one function of one module are one function. */
    functionOf: Int32Array;
    functions: { name: string; module: string; role: Frame["role"] }[];
}

const EMPTY: Stacks = { parent: [], frame: [] };
const cache = new WeakMap<object, Names>();

function numberFunctions(frames: Frame[]): Pick<Names, "functionOf" | "functions"> {
    const ids = new Map<string, number>();
    const functionOf = new Int32Array(frames.length);
    const functions: Names["functions"] = [];
    frames.forEach((frame, place) => {
        const key = `${frame.module}\n${frame.function}`;
        let id = ids.get(key);
        if (id === undefined) {
            id = functions.length;
            ids.set(key, id);
            functions.push({ name: frame.function, module: frame.module, role: frame.role });
        }
        functionOf[place] = id;
    });
    return { functionOf, functions };
}

function findOwn(stacks: Stacks, frames: Frame[]): Int32Array {
    const own = new Int32Array(stacks.parent.length);
    for (let i = 1; i < own.length; i++) {
        const parent = stacks.parent[i];
        const above = parent > 0 ? own[parent] : 0;
        const isProgram = frames[stacks.frame[i]]?.role === "program";
        own[i] = isProgram || above === 0 || frames[stacks.frame[above]]?.role !== "program" ? i : above;
    }
    return own;
}

export function namesOf(report: Report): Names {
    const stacks = report.stacks ?? EMPTY;
    const frames = report.frames ?? [];
    let names = cache.get(stacks);
    if (!names || names.frames !== frames) {
        names = { stacks, frames, own: findOwn(stacks, frames), ...numberFunctions(frames) };
        cache.set(stacks, names);
    }
    return names;
}

export const NO_STACK = "(no stack)";

export function frameOf(names: Names, stack: number): Frame | null {
    return stack > 0 ? names.frames[names.stacks.frame[stack]] ?? null : null;
}

/** The function that stands for a stack. */
export function stackName(names: Names, stack: number): string {
    return frameOf(names, names.own[stack] ?? 0)?.function ?? NO_STACK;
}

export function shortFile(file: string | null): string {
    return file ? file.slice(file.lastIndexOf("/") + 1) : "";
}

export function framePlace(frame: Frame | null): string {
    if (!frame)
        return "";
    return frame.file ? `${shortFile(frame.file)}${frame.line ? ":" + frame.line : ""}` : frame.module;
}

export function stackPlace(names: Names, stack: number): string {
    return framePlace(frameOf(names, names.own[stack] ?? 0));
}

/** The next callers of a stack in the program's own code; stacks of one function are told apart by them. A recursion counts once. */
export function callersOf(names: Names, stack: number, most: number): string {
    const callers: string[] = [];
    let last = names.own[stack] ?? 0;
    for (let at = names.stacks.parent[last] ?? 0; at > 0 && callers.length < most; at = names.stacks.parent[at]) {
        const func = names.functionOf[names.stacks.frame[at]];
        if (frameOf(names, at)?.role !== "program" || func === names.functionOf[names.stacks.frame[last]])
            continue;
        callers.push(names.functions[func].name);
        last = at;
    }
    return callers.map((name) => `← ${name.length > 40 ? name.slice(0, 39) + "…" : name}`).join(" ");
}

/** Places of the stack's nodes, innermost first. */
export function walk(names: Names, stack: number): number[] {
    const nodes: number[] = [];
    for (let at = stack; at > 0; at = names.stacks.parent[at])
        nodes.push(at);
    return nodes;
}

/** Innermost first, parted by `;`, as the CSV of heaptracer has it. */
export function stackText(names: Names, stack: number): string {
    return walk(names, stack).map((node) => frameOf(names, node)?.function ?? "?").join(";");
}

const matchCache = new WeakMap<Names, { text: string; hits: Uint8Array }>();
const lowerCache = new WeakMap<Frame[], string[]>();

function lowered(frames: Frame[]): string[] {
    let texts = lowerCache.get(frames);
    if (!texts) {
        texts = frames.map((frame) => `${frame.function}\n${frame.file ?? ""}\n${frame.module}`.toLowerCase());
        lowerCache.set(frames, texts);
    }
    return texts;
}

/** For each stack 1 where any of its frames has the text in function, file or module. */
export function matchStacks(names: Names, text: string): Uint8Array {
    const wanted = text.toLowerCase();
    const known = matchCache.get(names);
    if (known?.text === wanted)
        return known.hits;
    const frameHits = lowered(names.frames).map((name) => name.includes(wanted));
    const { parent, frame } = names.stacks;
    const hits = new Uint8Array(parent.length);
    for (let i = 1; i < hits.length; i++)
        hits[i] = frameHits[frame[i]] || (parent[i] > 0 && hits[parent[i]]) ? 1 : 0;
    matchCache.set(names, { text: wanted, hits });
    return hits;
}
