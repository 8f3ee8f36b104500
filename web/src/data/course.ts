// course: in the cells of one site, out its course over the slices: what it held, and what it allocated.
import type { Cells, Report } from "./report";

export interface Course { live: Float64Array; allocated: Float64Array }

export function courseOf(report: Report, site: number): Course | null {
    const slices = report.slices;
    const cells = slices?.sites;
    if (!slices || !cells || site < 0 || site + 1 >= cells.first.length)
        return null;
    return { live: running(cells, site, slices.count), allocated: spread(cells, site, slices.count, "allocated_bytes") };
}

function spread(cells: Cells, site: number, count: number, name: string): Float64Array {
    const values = new Float64Array(count);
    for (let at = cells.first[site]; at < cells.first[site + 1]; at++)
        if (cells.slice[at] < count)
            values[cells.slice[at]] += cells[name]?.[at] ?? 0;
    return values;
}

/** Allocated less freed, added up: what the site held at the end of each slice. */
function running(cells: Cells, site: number, count: number): Float64Array {
    const made = spread(cells, site, count, "allocated_bytes");
    const freed = spread(cells, site, count, "freed_bytes");
    let held = 0;
    return made.map((value, i) => held += value - freed[i]);
}

const cache = new WeakMap<object, Map<number, number>>();

/** Place in `sites` of the site with this stack, or -1. */
export function siteOf(report: Report, stack: number): number {
    const sites = report.sites;
    if (!sites)
        return -1;
    let places = cache.get(sites);
    if (!places)
        cache.set(sites, places = new Map(sites.stack.map((value, i) => [value, i])));
    return places.get(stack) ?? -1;
}

/** Places of the sites with most of a column, largest first. */
export function topSites(values: ArrayLike<number>, most: number): number[] {
    const top: number[] = [];
    for (let i = 0; i < values.length; i++) {
        if (values[i] <= 0 || (top.length === most && values[i] <= values[top[most - 1]]))
            continue;
        let place = top.length;
        while (place > 0 && values[top[place - 1]] < values[i])
            place--;
        top.splice(place, 0, i);
        top.length = Math.min(top.length, most);
    }
    return top;
}
