// grid: a sheet of any number of rows: only those in sight are in the page. Sorted by its heads, walked by keys, a row opens its stack.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Column, Numbers, Report } from "../data/report";
import { cell, count, lifespan, plural } from "../data/format";
import { callersOf, namesOf, stackName, stackPlace } from "../data/names";
import { sameRow } from "../data/place";
import { GAIN, sortRows, sumRows, type Sheet, type Sort } from "../data/sheet";
import { Icon } from "./icons";
import { useWidth } from "./hooks";

export const ROW_HEIGHT = 36;
const SPARE = 8;
/** Lifetimes of single blocks, which are no finer than the clock; a mean of many is. */
const LIVES = new Set(["median_ns", "p90_ns", "longest_ns"]);

interface Props {
    report: Report;
    sheet: Sheet;
    rows: Uint32Array;
    sort: Sort | null;
    onSort: (sort: Sort) => void;
    onOpen?: (row: number) => void;
    /** Stack whose detail is open. */
    open?: number;
    /** The column that stands first among the numbers. */
    first?: string;
    /** As many rows as there are, without an own scroll bar. */
    short?: boolean;
    /** All columns, however narrow the window is: they were chosen. */
    whole?: boolean;
}

const isText = (column: Column): boolean => ["text", "stack", "address"].includes(column.kind);

/** Columns that fit, in their order; the stack and the one that is sorted by always do. The detail of a stack has the others. */
function fitColumns(sheet: Sheet, width: number, sort: Sort | null, leading: string | undefined): number[] {
    const rank = (i: number) => isText(sheet.columns[i]) || sheet.columns[i].unit === "id" ? 0 : sheet.columns[i].name === leading ? 1 : 2;
    const all = sheet.columns.map((_, i) => i);
    if (leading)
        all.sort((a, b) => rank(a) - rank(b) || a - b);
    if (width === 0 || width > 640 || sheet.stackColumn < 0)
        return all;
    const first = sheet.columns.findIndex((column) => column.name === (sort?.column ?? sheet.lead));
    const wanted = [sheet.stackColumn, first, ...all.filter((i) => !isText(sheet.columns[i]))].filter((i) => i >= 0);
    return [...new Set(wanted)].slice(0, Math.max(2, Math.floor((width - 150) / 96) + 1));
}

const VERDICT_ICONS: Record<string, string> = { new: "plus", grew: "up", shrank: "down", gone: "close" };

function Cell(props: { report: Report; column: Column; value: unknown; share: number }) {
    const { column, value } = props;
    if (column.kind === "stack") {
        const names = namesOf(props.report);
        return <><span class="fn">{stackName(names, value as number)}</span> <span class="place">{stackPlace(names, value as number)} {callersOf(names, value as number, 3)}</span></>;
    }
    const text = LIVES.has(column.name) && typeof value === "number" && value >= 0 ? lifespan(value, props.report.trace?.tick_ns ?? 0) : cell(value, column.kind, column.unit);
    if (column.name === "verdict")
        return <span class={`change-word ${text}`}>{VERDICT_ICONS[text] && <Icon name={VERDICT_ICONS[text]} />}{text}</span>;
    if (props.share < 0)
        return <>{text}</>;
    const isLess = typeof value === "number" && value < 0;
    const change = isLess !== GAIN.test(column.name) ? "less" : column.kind.startsWith("signed") ? "more" : "";
    return <span class="metered"><span class="meter" aria-hidden="true"><span class={change} style={{ width: `${(props.share * 100).toFixed(1)}%` }} /></span>{text}</span>;
}

function Head(props: { column: Column; sort: Sort | null; onSort: (sort: Sort) => void; sum: number | undefined }) {
    const { column, sort } = props;
    const active = sort?.column === column.name;
    const down = active ? !sort!.down : !isText(column);
    return (
        <th scope="col" class={isText(column) ? "text" : "number"} aria-sort={active ? (sort!.down ? "descending" : "ascending") : "none"}>
            <button type="button" title={column.about} onClick={() => props.onSort({ column: column.name, down })}>
                <span>{column.title}</span>{active && <Icon name={sort!.down ? "down" : "up"} />}
            </button>
            {props.sum !== undefined && <span class="sum" title={`sum of the shown rows: ${count(props.sum)}`} data-sum={column.name}>{cell(props.sum, column.kind, column.unit)}</span>}
        </th>
    );
}

function largestOf(sheet: Sheet, rows: Uint32Array, name: string): number {
    const at = sheet.columns.findIndex((column) => column.name === name);
    if (at < 0 || isText(sheet.columns[at]) || sheet.columns[at].unit === "id")
        return 0;
    let largest = 0;
    for (const row of rows)
        largest = Math.max(largest, Math.abs((sheet.values[at] as Numbers)[row]) || 0);
    return largest;
}

function useWindow(total: number, short: boolean) {
    const scroll = useRef<HTMLDivElement>(null);
    const [top, setTop] = useState(0);
    const [height, setHeight] = useState(600);
    useEffect(() => {
        const element = scroll.current;
        if (!element)
            return;
        const watch = new ResizeObserver(() => setHeight(element.clientHeight));
        watch.observe(element);
        return () => watch.disconnect();
    }, []);
    const from = short ? 0 : Math.max(0, Math.min(Math.floor(top / ROW_HEIGHT) - SPARE, total - 1));
    const to = short ? total : Math.min(total, Math.ceil((top + height) / ROW_HEIGHT) + SPARE);
    const onScroll = () => {
        const element = scroll.current!;
        element.toggleAttribute("data-aside", element.scrollLeft > 0);
        setTop(element.scrollTop);
    };
    return { scroll, from, to, height, onScroll };
}

/** The place that a key leads to, or -1 when it is none of ours. */
function keyPlace(key: string, at: number, last: number, page: number): number {
    const steps: Record<string, number> = {
        ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last,
    };
    return key in steps ? Math.max(0, Math.min(last, steps[key])) : -1;
}

export function Grid(props: Props) {
    const { report, sheet, rows, sort } = props;
    const order = useMemo(() => sortRows(report, sheet, rows, sort), [report, sheet, rows, sort?.column, sort?.down]);
    const sums = useMemo(() => sumRows(sheet, rows), [sheet, rows]);
    const lead = sort && sheet.columns.some((column) => column.name === sort.column && !isText(column)) ? sort.column : sheet.lead;
    const largest = useMemo(() => largestOf(sheet, rows, lead), [sheet, rows, lead]);
    const { scroll, from, to, height, onScroll } = useWindow(order.length, props.short ?? false);
    const width = useWidth(scroll);
    const columns = fitColumns(sheet, props.whole ? 0 : width, sort, props.first);
    const [at, setAt] = useState(-1);
    const chosen = useRef({ report, sheet, row: -1 });
    const choose = (place: number) => {
        chosen.current = { report, sheet, row: place < 0 ? -1 : order[place] };
        setAt(place);
    };
    useLayoutEffect(() => {
        const old = chosen.current;
        choose(old.row < 0 ? -1 : order.indexOf(sameRow(old, { report, sheet })));
    }, [sheet, order]);

    const walk = (event: KeyboardEvent) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
            return;
        const next = keyPlace(event.key, at, order.length - 1, Math.max(1, Math.floor(height / ROW_HEIGHT) - 2));
        if (next >= 0) {
            event.preventDefault();
            choose(next);
            const element = scroll.current!;
            const y = next * ROW_HEIGHT;
            if (y < element.scrollTop)
                element.scrollTop = y;
            else if (y + ROW_HEIGHT * 3 > element.scrollTop + element.clientHeight)
                element.scrollTop = y + ROW_HEIGHT * 3 - element.clientHeight;
        } else if (event.key === "Enter" && at >= 0) {
            event.preventDefault();
            props.onOpen?.(order[at]);
        } else if ((event.key === "r" || event.key === "s") && sort) {
            const place = sheet.columns.findIndex((column) => column.name === sort.column);
            const column = event.key === "r" ? sheet.columns[place] : sheet.columns[(place + 1) % sheet.columns.length];
            props.onSort({ column: column.name, down: event.key === "r" ? !sort.down : !isText(column) });
        }
    };

    const row = (place: number) => {
        const source = order[place];
        const stack = sheet.stackColumn >= 0 ? (sheet.values[sheet.stackColumn] as Numbers)[source] : 0;
        return (
            <tr key={place} id={`row-${sheet.name}-${place}`} aria-rowindex={place + 2} aria-selected={place === at} class={`${props.onOpen ? "opens" : ""} ${props.open && stack === props.open ? "open" : ""}`}
                onClick={() => { choose(place); props.onOpen?.(source); }}>
                {columns.map((i) => {
                    const column = sheet.columns[i];
                    const value = sheet.values[i][source];
                    const share = column.name === lead && largest > 0 ? Math.abs(value as number || 0) / largest : -1;
                    return <td key={column.name} class={`${isText(column) ? "text" : "number"} ${column.kind}`}><Cell report={report} column={column} value={value} share={share} /></td>;
                })}
            </tr>
        );
    };
    const shown: number[] = [];
    for (let place = from; place < to; place++)
        shown.push(place);
    return (
        <div class={`grid ${props.short ? "short" : ""} ${sheet.stackColumn >= 0 ? "by-stack" : ""}`} ref={scroll} onScroll={onScroll}>
            <table role="grid" aria-label={sheet.title} aria-rowcount={order.length + 1} tabIndex={0} aria-activedescendant={at >= from && at < to ? `row-${sheet.name}-${at}` : undefined} onKeyDown={walk}>
                <thead><tr aria-rowindex={1}>{columns.map((i) => <Head key={sheet.columns[i].name} column={sheet.columns[i]} sort={sort} onSort={props.onSort} sum={sums.get(sheet.columns[i].name)} />)}</tr></thead>
                <tbody>
                    {from > 0 && <tr class="space" aria-hidden="true" style={{ height: `${from * ROW_HEIGHT}px` }} />}
                    {shown.map(row)}
                    {to < order.length && <tr class="space" aria-hidden="true" style={{ height: `${(order.length - to) * ROW_HEIGHT}px` }} />}
                </tbody>
            </table>
            {order.length === 0 && <p class="no-rows">{sheet.count === 0 ? "Nothing to list." : `None of ${plural(sheet.count, "row")} matches the filter.`}</p>}
        </div>
    );
}
