// modules: in weights of stacks, out what each module holds, and in it each function: by the program's own innermost frame.
import type { Names } from "./names";
import type { Weights } from "./weights";

export interface Share { name: string; value: number; func: number; parts: Share[] }

const cache = new WeakMap<Weights, Share[]>();

export function sharesOf(names: Names, weights: Weights): Share[] {
    let shares = cache.get(weights);
    if (!shares)
        cache.set(weights, shares = addShares(names, weights));
    return shares;
}

function addShares(names: Names, weights: Weights): Share[] {
    const byFunction = new Float64Array(names.functions.length + 1);
    for (let i = 0; i < weights.stack.length; i++) {
        const own = names.own[weights.stack[i]] ?? 0;
        byFunction[own > 0 ? names.functionOf[names.stacks.frame[own]] + 1 : 0] += weights.value[i];
    }
    const modules = new Map<string, Share>();
    byFunction.forEach((value, at) => {
        if (value <= 0)
            return;
        const { name, module } = at > 0 ? names.functions[at - 1] : { name: "(no stack)", module: "(no stack)" };
        let share = modules.get(module);
        if (!share)
            modules.set(module, share = { name: module, value: 0, func: -1, parts: [] });
        share.value += value;
        share.parts.push({ name, value, func: at - 1, parts: [] });
    });
    const shares = [...modules.values()].sort((a, b) => b.value - a.value);
    for (const share of shares)
        share.parts.sort((a, b) => b.value - a.value);
    return shares;
}
