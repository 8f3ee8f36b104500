// single: in a map of memory that is live, out the single blocks in sight, asked of the server where they are few enough to be told apart.
import { useEffect, useMemo, useState } from "preact/hooks";
import { blocksIn, MOST_BLOCKS, type Blocks } from "../data/blocks";
import { theFeed } from "../data/feed";
import { count, plural, shortCount } from "../data/format";
import type { Table } from "../data/report";
import { numbersOf, sheetOf } from "../data/sheet";
import { stretchesOf } from "../data/stretches";
import { addressAt, beginsOf, cellsOf, fieldOf, fillsOf, inSight, partOf, windowOf, type Grid } from "../draw/address";
import { useFeedPart } from "../parts/hooks";

/** Who zooms on is not answered for each step. */
const WAIT_MS = 150;

interface Single { blocks: Blocks; grid: Grid; fills: Float64Array; begins: Uint8Array; isHere: (cell: number) => boolean }

/** `told`: of what is, or could be, shown one by one. */
export function useSingle(grid: Grid, table: Table, isOn: boolean): { single: Single | null; told: string } {
    const feed = theFeed();
    const source = useFeedPart((each) => each.chosen, null);
    const [got, setGot] = useState<Blocks | null>(null);
    const [isTooMany, setTooMany] = useState(false);
    const window = useMemo(() => isOn && feed ? windowOf(grid) : null, [grid, isOn]);
    const about = useMemo(() => {
        const counts = window && (numbersOf(sheetOf(table), "live_count") ?? numbersOf(sheetOf(table), "blocks"));
        return counts ? inSight(grid, (row) => counts[row]) : 0;
    }, [grid, table, window]);
    const wanted = window && about > 0 && about <= MOST_BLOCKS ? `${window.from} ${window.to} ${window.process}` : "";
    useEffect(() => {
        if (wanted === "")
            setGot(null);
        if (wanted === "" || feed!.frozen)
            return;
        let isOver = false;
        const timer = setTimeout(() => blocksIn(feed!, window!).catch(() => undefined).then((blocks) => {
            if (isOver)
                return;
            setGot(blocks ?? null);
            setTooMany(blocks === null);
        }), WAIT_MS);
        return () => { isOver = true; clearTimeout(timer); };
    }, [wanted, table, source]);
    const single = useMemo(() => got && wanted !== "" ? singleOf(grid, got) : null, [grid, got, wanted]);
    const told = !window ? "" : single ? `${plural(got!.table.rows.length, "block")}, each by itself`
        : about > MOST_BLOCKS ? `about ${shortCount(Math.round(about))} blocks: zoom in to see each` : isTooMany ? `more than ${count(MOST_BLOCKS)} blocks: zoom in to see each` : "";
    return { single, told };
}

function singleOf(whole: Grid, blocks: Blocks): Single {
    const { space } = whole.field, { window } = blocks;
    const grid = { ...whole, field: fieldOf(partOf(stretchesOf(blocks.table), space), space) };
    const around = fillsOf(whole);
    const here = Uint8Array.from({ length: cellsOf(whole) }, (_, cell) => {
        const address = addressAt(whole, cell);
        return address + whole.piece > window.from && address < window.to ? 1 : 0;
    });
    const fills = fillsOf(grid).map((fill, cell) => here[cell] && around[cell] >= 0 ? Math.max(0, fill) : around[cell]);
    return { blocks, grid, fills, begins: beginsOf(grid), isHere: (cell) => here[cell] === 1 };
}
