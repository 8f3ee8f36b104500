// blocks: in a window of addresses, out the blocks that live there now, as a small report of their own: its stacks have numbers of their own.
import type { Feed } from "./feed";
import type { Frame, Report, Table } from "./report";

export interface Window { from: number; to: number; process: number }
export interface Blocks { window: Window; report: Report; table: Table }

export const MOST_BLOCKS = 4096;

interface Told { frames: Frame[]; stacks: Record<string, number[]>; tables: Table[] }

/** A tree for stacks that are told each for itself, innermost first. */
function reportOf(told: Told): Report {
    const parent = [-1], frame = [-1];
    const places = new Map<number, number>();
    for (const [id, frames] of Object.entries(told.stacks)) {
        let place = -1;
        for (const each of [...frames].reverse()) {
            parent.push(place);
            frame.push(each);
            place = parent.length - 1;
        }
        places.set(Number(id), Math.max(0, place));
    }
    for (const row of told.tables[0].rows)
        row.stack = places.get(row.stack as number) ?? 0;
    return { schema: "heaptracer.report/1", frames: told.frames, stacks: { parent, frame } };
}

/** Null: more than can be shown one by one. */
export async function blocksIn(feed: Feed, window: Window): Promise<Blocks | null> {
    const hex = (value: number) => `0x${value.toString(16)}`;
    const told = JSON.parse(await (await feed.download(`blocks.json?from=${hex(window.from)}&to=${hex(window.to)}&process=${window.process}&most=${MOST_BLOCKS + 1}`)).text()) as Told;
    const table = told.tables[0];
    return table.rows.length > MOST_BLOCKS ? null : { window, report: reportOf(told), table };
}
