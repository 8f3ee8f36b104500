// flame: the flame graph: what each call path holds, callers above, or callees above; searched, zoomed, walked by keys.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Report } from "../data/report";
import { bytes, count, ratio } from "../data/format";
import { namesOf, type Names } from "../data/names";
import { sameFunctions } from "../data/place";
import type { Range } from "../data/range";
import { makeSheet, type Sheet } from "../data/sheet";
import { store } from "../data/store";
import { findNode, pathTo, ROOT, treeOf, type FlameTree } from "../data/tree";
import { bestMetric, hasWeights, METRICS, METRIC_TITLES, METRIC_WORDS, weightsOf, type By, type Metric } from "../data/weights";
import { boxAt, drawFlame, hitShare, layFlame, moduleGroups, nodeName, ROW, stepBox, type Boxes, type FlameLook } from "../draw/flame";
import { groupFill } from "../draw/theme";
import { Canvas } from "../parts/canvas";
import { Choice, Empty, SaveButtons, Search, Toggle, ViewHead } from "../parts/controls";
import { saveCsv, saveJson, saveSvg } from "../parts/download";
import { Grid } from "../parts/grid";
import { useStore, useTheme, useWidth } from "../parts/hooks";

function matchFunctions(names: Names, text: string): Uint8Array | null {
    const wanted = text.trim().toLowerCase();
    return wanted === "" ? null : Uint8Array.from(names.functions, (entry) => entry.name.toLowerCase().includes(wanted) || entry.module.toLowerCase().includes(wanted) ? 1 : 0);
}

/** The boxes of the picture as rows: what screen readers and downloads get. */
function sheetOfBoxes(boxes: Boxes, look: FlameLook, by: By, metric: Metric): Sheet {
    const { tree, names } = look;
    const order = boxes.node.map((_, i) => i).sort((a, b) => tree.total(boxes.node[b]) - tree.total(boxes.node[a]));
    const kind = by === "bytes" ? "bytes" : "count";
    const values = [
        order.map((i) => nodeName(look, boxes.node[i])), order.map((i) => tree.func(boxes.node[i]) < 0 ? "" : names.functions[tree.func(boxes.node[i])].module),
        Float64Array.from(order, (i) => boxes.row[i]), Float64Array.from(order, (i) => tree.total(boxes.node[i])),
        Float64Array.from(order, (i) => tree.total(boxes.node[i]) / (tree.total(ROOT) || 1)),
    ];
    const sheet = makeSheet({ name: "flame", title: "Flame graph", about: "", lead: "total" }, [
        { name: "function", kind: "text", title: "Function", unit: "", about: "" }, { name: "module", kind: "text", title: "Module", unit: "", about: "" },
        { name: "depth", kind: "count", title: "Depth", unit: "id", about: "callers above it" },
        { name: "total", kind, title: METRIC_TITLES[metric], unit: by === "bytes" ? "B" : "", about: "by all stacks through this frame" },
        { name: "share", kind: "ratio", title: "Share", unit: "", about: "of the whole" },
    ], values, order.length);
    sheet.additive = new Set();
    return sheet;
}

function Crumbs(props: { tree: FlameTree; look: FlameLook; zoom: number; onZoom: (node: number) => void }) {
    const nodes: number[] = [];
    for (let node = props.zoom; node >= ROOT; node = props.tree.parent(node))
        nodes.push(node);
    nodes.reverse();
    const shown = nodes.length > 6 ? [nodes[0], -1, ...nodes.slice(-4)] : nodes;
    return (
        <nav class="crumbs" aria-label="Zoomed frame">
            <ol>{shown.map((node, i) => <li key={node}>{node < 0 ? "…" : i === shown.length - 1 ? <span aria-current="true">{nodeName(props.look, node)}</span>
                : <button type="button" class="link" onClick={() => props.onZoom(node)}>{nodeName(props.look, node)}</button>}</li>)}</ol>
        </nav>
    );
}

function Legend(props: { names: Names; groups: Map<string, number>; boxes: Boxes; tree: FlameTree }) {
    const shares = new Map<string, number>();
    props.boxes.node.forEach((node, i) => {
        const func = props.tree.func(node);
        if (func >= 0)
            shares.set(props.names.functions[func].module, (shares.get(props.names.functions[func].module) ?? 0) + props.boxes.w[i]);
    });
    const modules = [...shares].sort((a, b) => b[1] - a[1]).slice(0, 8);
    return <ul class="legend" aria-label="Modules by colour">{modules.map(([module]) => <li key={module}><i style={{ background: groupFill(props.groups.get(module) ?? 0, 2) }} />{module}</li>)}</ul>;
}

function Tip(props: { look: FlameLook; node: number; by: By }) {
    const { look, node, by } = props;
    const told = by === "bytes" ? bytes : count;
    const func = look.tree.func(node);
    const parent = look.tree.parent(node);
    return <>
        <strong class="fn">{nodeName(look, node)}</strong>
        {func >= 0 && <span class="muted">{look.names.functions[func].module}</span>}
        <span>{told(look.tree.total(node))} · {ratio(look.tree.total(node) / (look.tree.total(ROOT) || 1))} of all{parent > ROOT && ` · ${ratio(look.tree.total(node) / (look.tree.total(parent) || 1))} of its ${"parent"}`}</span>
        {look.tree.hasBefore && <span>before: {told(look.tree.before(node))}</span>}
    </>;
}

function saidOf(look: FlameLook, node: number, by: By): string {
    const told = by === "bytes" ? bytes : count;
    return `${nodeName(look, node)}: ${told(look.tree.total(node))}, ${ratio(look.tree.total(node) / (look.tree.total(ROOT) || 1))} of all`;
}

function Chart(props: { look: FlameLook; boxes: Boxes; width: number; by: By; title: string; onFocus: (node: number) => void; onZoom: (node: number) => void }) {
    const { look, boxes, by } = props;
    const keys = (event: KeyboardEvent) => {
        const at = Math.max(0, boxes.node.indexOf(look.focus));
        if (event.key.startsWith("Arrow")) {
            const next = stepBox(boxes, look.tree, at, event.key);
            if (next >= 0)
                props.onFocus(boxes.node[next]);
        } else if (event.key === "Enter" || event.key === " ") {
            props.onZoom(boxes.node[at]);
        } else if ((event.key === "Escape" || event.key === "Backspace") && look.zoom !== ROOT) {
            props.onZoom(event.key === "Escape" ? ROOT : look.tree.parent(look.zoom));
        } else {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
    };
    return <Canvas width={props.width} height={boxes.rows * ROW} draw={(painter) => drawFlame(painter, boxes, look)} pointer
        label={`Flame graph, ${props.title}. Arrow keys move, Enter zooms, Escape shows all.`} said={look.focus >= 0 ? saidOf(look, look.focus, by) : ""}
        tip={(x, y) => { const at = boxAt(boxes, x, y); return at < 0 ? null : <Tip look={look} node={boxes.node[at]} by={by} />; }}
        onPoint={(x, y) => { const at = boxAt(boxes, x, y); if (at >= 0) { props.onFocus(boxes.node[at]); props.onZoom(boxes.node[at]); } }} onKey={keys} />;
}

export function MetricBar(props: { report: Report; range: Range | null; metric: Metric; by: By }) {
    const { report, range, metric, by } = props;
    const shown = METRICS.filter((each) => range ? each !== "peak" : each !== "growth");
    return <>
        <Choice label="Figure" value={metric} options={shown.map((value) => ({ value, title: METRIC_TITLES[value], off: !hasWeights(report, value, by, range) }))} onChange={(value) => store.go({ metric: value }, true)} />
        <Choice label="Measured in" value={by} options={[{ value: "bytes", title: "Bytes" }, { value: "count", title: "Blocks" }]} onChange={(value) => store.go({ by: value }, true)} />
    </>;
}

export function FlameView(props: { report: Report; range: Range | null }) {
    const { report, range } = props;
    const { view } = useStore();
    useTheme();
    const holder = useRef<HTMLDivElement>(null);
    const width = useWidth(holder);
    const [focus, setFocus] = useState(-1);
    const names = namesOf(report);
    const metric = bestMetric(report, view.metric, view.by, range);
    const weights = weightsOf(report, metric, view.by, range);
    const tree = useMemo(() => treeOf(names, weights, view.inverted, view.allFrames), [names, weights, view.inverted, view.allFrames]);
    const path = view.zoom.join(".");
    const zoom = useMemo(() => findNode(tree, view.zoom), [tree, path]);
    const boxes = useMemo(() => layFlame(tree, zoom, Math.max(1, width)), [tree, zoom, width]);
    const hits = useMemo(() => matchFunctions(names, view.filter), [names, view.filter]);
    const groups = useMemo(() => moduleGroups(names), [names]);
    const last = useRef({ tree, report });
    useEffect(() => {
        const path = focus > ROOT && last.current.report !== report ? sameFunctions(last.current.report, report, pathTo(last.current.tree, focus)) : [];
        setFocus(path.length > 0 ? findNode(tree, path) : -1);
        last.current = { tree, report };
    }, [tree]);
    const title = `${view.by === "bytes" ? "bytes" : "blocks"} ${METRIC_WORDS[metric]}`;
    const look: FlameLook = { tree, names, groups, hits, root: `all ${title}`, zoom, focus };
    const go = (node: number) => store.go({ zoom: pathTo(tree, node) }, true);
    const share = hits ? hitShare(tree, hits) : 0;
    const sheet = () => sheetOfBoxes(boxes, look, view.by, metric);
    const rows = (of: Sheet) => Uint32Array.from({ length: of.count }, (_, i) => i);
    const shown = view.asTable ? sheet() : null;
    return (
        <div class="view flame-view">
            <ViewHead title="Flame graph" about={<>{view.inverted ? "The allocating functions on top, their callers below." : "Callers on top; below each function what it called."} Width: {title}. Click a frame to zoom.</>}
                saves={<SaveButtons csv={() => saveCsv(report, sheet(), rows(sheet()))} json={() => saveJson(report, sheet(), rows(sheet()))}
                    svg={() => saveSvg(report, "flame", { width, height: boxes.rows * ROW, title: `Flame graph: ${title}`, about: report.trace?.command ?? "", draw: (painter) => drawFlame(painter, boxes, { ...look, focus: -1 }) })} />} />
            <div class="tools">
                <MetricBar report={report} range={range} metric={metric} by={view.by} />
                <Toggle title="Inverted" about="allocating functions on top, callers below" value={view.inverted} onChange={(inverted) => store.go({ inverted, zoom: [] }, true)} />
                <Toggle title="All frames" about="also those of libraries, allocators and program start" value={view.allFrames} onChange={(allFrames) => store.go({ allFrames, zoom: [] }, true)} />
                <Toggle title="As table" value={view.asTable} onChange={(asTable) => store.go({ asTable })} />
                <span class="gap" />
                <Search label="Search functions" value={view.filter} told={hits ? `${ratio(share)} matched` : ""} onChange={(filter) => store.go({ filter })} />
            </div>
            {zoom !== ROOT && <Crumbs tree={tree} look={look} zoom={zoom} onZoom={go} />}
            <div class="flame-area" ref={holder}>
                {weights.total <= 0 ? <Empty title={`Nothing ${metric === "leaked" ? "was left" : "to show"} here`}>{metric === "leaked" ? "Every block was freed. Choose another figure above." : "Choose another figure above."}</Empty>
                    : shown ? <Grid report={report} sheet={shown} rows={rows(shown)} sort={null} onSort={() => undefined} />
                        : width > 0 && <Chart look={look} boxes={boxes} width={width} by={view.by} title={title} onFocus={setFocus} onZoom={go} />}
            </div>
            {weights.total > 0 && (tree.hasBefore ? <p class="legend-text">Red frames grew since the earlier recording, blue ones shrank.</p> : <Legend names={names} groups={groups} boxes={boxes} tree={tree} />)}
        </div>
    );
}
