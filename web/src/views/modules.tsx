// modules: a treemap of who holds how much: a field per module, in it one per function.
import { useMemo, useRef, useState } from "preact/hooks";
import type { Report } from "../data/report";
import { bytes, count, ratio } from "../data/format";
import { namesOf } from "../data/names";
import { sharesOf, type Share } from "../data/modules";
import type { Range } from "../data/range";
import { makeSheet, type Sheet } from "../data/sheet";
import { store } from "../data/store";
import { bestMetric, METRIC_TITLES, METRIC_WORDS, weightsOf, type By } from "../data/weights";
import { moduleGroups } from "../draw/flame";
import { drawTreemap, layTreemap, tileAt } from "../draw/treemap";
import { Canvas } from "../parts/canvas";
import { Empty, SaveButtons, Search, Toggle, ViewHead } from "../parts/controls";
import { saveCsv, saveJson, saveSvg } from "../parts/download";
import { Grid } from "../parts/grid";
import { useStore, useWidth } from "../parts/hooks";
import { filterRows } from "../data/sheet";
import { MetricBar } from "./flame";

function sheetOfShares(shares: Share[], by: By, title: string, total: number): Sheet {
    const parts = shares.flatMap((share) => share.parts.map((part) => ({ module: share.name, ...part }))).sort((a, b) => b.value - a.value);
    return makeSheet({ name: "modules", title: "Modules and functions", about: "", lead: "value" }, [
        { name: "function", kind: "text", title: "Function", unit: "", about: "the program's own innermost frame" }, { name: "module", kind: "text", title: "Module", unit: "", about: "" },
        { name: "value", kind: by === "bytes" ? "bytes" : "count", title, unit: by === "bytes" ? "B" : "", about: "" }, { name: "share", kind: "ratio", title: "Share", unit: "", about: "of all" },
    ], [parts.map((part) => part.name), parts.map((part) => part.module), Float64Array.from(parts, (part) => part.value), Float64Array.from(parts, (part) => part.value / (total || 1))], parts.length);
}

/** Shares with the text in module or function. */
function matching(shares: Share[], text: string): Share[] {
    const wanted = text.trim().toLowerCase();
    if (wanted === "")
        return shares;
    return shares.flatMap((share) => {
        const parts = share.name.toLowerCase().includes(wanted) ? share.parts : share.parts.filter((part) => part.name.toLowerCase().includes(wanted));
        return parts.length ? [{ ...share, parts, value: parts.reduce((sum, part) => sum + part.value, 0) }] : [];
    });
}

export function ModulesView(props: { report: Report; range: Range | null }) {
    const { report, range } = props;
    const { view } = useStore();
    const holder = useRef<HTMLDivElement>(null);
    const width = useWidth(holder);
    const [focus, setFocus] = useState(-1);
    const names = namesOf(report);
    const metric = bestMetric(report, view.metric, view.by, range);
    const weights = weightsOf(report, metric, view.by, range);
    const groups = useMemo(() => moduleGroups(names), [names]);
    const shares = useMemo(() => matching(sharesOf(names, weights), view.filter), [names, weights, view.filter]);
    const height = Math.max(280, Math.min(620, innerHeight - 330));
    const tiles = useMemo(() => layTreemap(shares, groups, width, height), [shares, groups, width, height]);
    const told = view.by === "bytes" ? bytes : count;
    const title = `${view.by === "bytes" ? "bytes" : "blocks"} ${METRIC_WORDS[metric]}`;
    const sheet = useMemo(() => sheetOfShares(shares, view.by, METRIC_TITLES[metric], weights.total), [shares, view.by, metric, weights]);
    const rows = filterRows(report, sheet, "");
    const open = (at: number) => tiles[at] && store.go({ tab: "sites", filter: tiles[at].share.name, sort: null }, true);
    const keys = (event: KeyboardEvent) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (step)
            setFocus(Math.max(0, Math.min(tiles.length - 1, focus + step)));
        else if (event.key === "Enter" && focus >= 0)
            open(focus);
        else
            return;
        event.preventDefault();
    };
    const said = (at: number) => tiles[at] ? `${tiles[at].share.name}: ${told(tiles[at].share.value)}, ${ratio(tiles[at].share.value / (weights.total || 1))} of all` : "";
    const sum = shares.reduce((total, share) => total + share.value, 0);
    return (
        <div class="view">
            <ViewHead title="Modules" about={`Each field is a function, in the module it belongs to: the program's own innermost frame of the stacks. Area: ${title}.`}
                saves={<SaveButtons csv={() => saveCsv(report, sheet, rows)} json={() => saveJson(report, sheet, rows)}
                    svg={() => saveSvg(report, "modules", { width, height, title: `Modules: ${title}`, about: report.trace?.command ?? "", draw: (painter) => drawTreemap(painter, tiles, view.by, -1) })} />} />
            <div class="tools">
                <MetricBar report={report} range={range} metric={metric} by={view.by} />
                <Toggle title="As table" value={view.asTable} onChange={(asTable) => store.go({ asTable })} />
                <span class="gap" />
                <Search label="Filter functions and modules" value={view.filter} told={view.filter ? `${told(sum)}, ${ratio(sum / (weights.total || 1))}` : ""} onChange={(filter) => store.go({ filter })} />
            </div>
            <div ref={holder} class={view.asTable ? "fills" : ""}>
                {sum <= 0 ? <Empty title="Nothing to show">{view.filter ? "Nothing matches the filter." : "Choose another figure above."}</Empty>
                    : view.asTable ? <Grid report={report} sheet={sheet} rows={rows} sort={view.sort} onSort={(sort) => store.go({ sort })} />
                        : width > 0 && <Canvas label={`Treemap of modules and functions by ${title}. Arrow keys move, Enter lists the sites.`} width={width} height={height} pointer
                            draw={(painter) => drawTreemap(painter, tiles, view.by, focus)} said={said(focus)} onKey={keys}
                            tip={(x, y) => { const at = tileAt(tiles, x, y); return at < 0 ? null : <><strong class="fn">{tiles[at].share.name}</strong><span>{told(tiles[at].share.value)} · {ratio(tiles[at].share.value / (weights.total || 1))} of all</span></>; }}
                            onPoint={(x, y) => open(tileAt(tiles, x, y))} />}
            </div>
        </div>
    );
}
