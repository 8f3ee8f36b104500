// detail: one site: its figures, its course over time, its whole stack with source lines where they could be read.
import { useEffect, useRef } from "preact/hooks";
import type { Frame, Report } from "../data/report";
import { bytes, cell, lifespan, moment } from "../data/format";
import { frameOf, framePlace, namesOf, stackName, stackPlace, stackText, walk } from "../data/names";
import { courseOf, siteOf } from "../data/course";
import { describe, sliceBegin, sumCells, type Range } from "../data/range";
import { store } from "../data/store";
import { Icon } from "./icons";
import { Spark } from "./spark";

const FIGURES = ["leaked", "peak", "allocated", "temporary", "freed"];

function Figures(props: { report: Report; site: number; range: Range | null }) {
    const { report, site, range } = props;
    const cells = report.slices?.sites;
    const sums = range && cells ? sumCells(cells, range) : null;
    const value = (name: string) => sums ? sums.one(name, site) : report.sites?.[name]?.[site];
    const rows = FIGURES.flatMap((name) => {
        const [size, blocks] = [value(`${name}_bytes`), value(`${name}_count`)];
        return size === undefined && blocks === undefined ? [] : [{ name, size, blocks }];
    });
    const life = report.sites?.lifetime_median_ns?.[site];
    return (
        <dl class="figures">
            {rows.map(({ name, size, blocks }) => (
                <div key={name}><dt>{describe(name + "_bytes").title}</dt>
                    <dd>{size !== undefined && <strong>{bytes(size)}</strong>} {blocks !== undefined && <span class="muted">{cell(blocks, "count", "")} ×</span>}</dd></div>
            ))}
            {!range && life !== undefined && <div><dt>Median life</dt><dd><strong>{lifespan(life, report.trace?.tick_ns ?? 0)}</strong></dd></div>}
        </dl>
    );
}

function Source(props: { lines: Record<string, string>; line: number }) {
    const numbers = Object.keys(props.lines).map(Number).filter((n) => Math.abs(n - props.line) <= 5).sort((a, b) => a - b);
    return (
        <pre class="source" tabIndex={0} aria-label="Source lines">{numbers.map((n) => (
            <span key={n} class={n === props.line ? "hit" : ""}><span class="line-number">{n}</span>{props.lines[n]}{"\n"}</span>
        ))}</pre>
    );
}

function FrameItem(props: { frame: Frame; lines: Record<string, string> | undefined; own: boolean }) {
    const { frame, lines } = props;
    const head = <><span class="fn">{frame.function}</span><span class="place" title={frame.file ?? frame.module}>{framePlace(frame)}{frame.inlined && <em> inlined</em>}</span></>;
    const readable = lines && frame.line > 0 && lines[frame.line] !== undefined;
    return (
        <li class={`${frame.role === "program" ? "" : "aside"} ${props.own ? "own" : ""}`}>
            {readable ? <details open={props.own}><summary>{head}</summary><Source lines={lines} line={frame.line} /></details> : <div class="frame">{head}</div>}
        </li>
    );
}

export function Detail(props: { report: Report; stack: number; range: Range | null }) {
    const { report, stack, range } = props;
    const names = namesOf(report);
    const pane = useRef<HTMLElement>(null);
    useEffect(() => pane.current?.scrollTo(0, 0), [stack]);
    const nodes = walk(names, stack);
    if (nodes.length === 0)
        return null;
    const site = siteOf(report, stack);
    const course = courseOf(report, site);
    const slices = report.slices;
    const own = names.own[stack];
    const close = () => store.go({ stack: 0 });
    const locate = () => store.go({
        tab: "flame", inverted: false, stack: 0,
        zoom: walk(names, stack).reverse().filter((node) => store.state.view.allFrames || frameOf(names, node)?.role === "program").map((node) => names.functionOf[names.stacks.frame[node]]),
    }, true);
    return (
        <aside class="detail" ref={pane} aria-label="Stack detail">
            <div class="detail-head">
                <div><h2 class="fn">{stackName(names, stack)}</h2><p class="place">{stackPlace(names, stack)}</p></div>
                <button type="button" class="quiet" aria-label="Close the detail" title="Close (Esc)" onClick={close}><Icon name="close" /></button>
            </div>
            {site >= 0 && <Figures report={report} site={site} range={range} />}
            {course && slices && <figure class="course">
                <Spark values={course.live} width={360} height={56} label={`Bytes held over time, at most ${bytes(Math.max(...course.live))}`} />
                <figcaption><span>{moment(slices.begin_ns)}</span><span>held over time, at most {bytes(Math.max(0, ...course.live))}</span><span>{moment(sliceBegin(slices, slices.count))}</span></figcaption>
            </figure>}
            <div class="actions">
                <button type="button" class="button" onClick={locate}><Icon name="flame" />In the flame graph</button>
                <button type="button" class="button" onClick={() => void navigator.clipboard?.writeText(stackText(names, stack).split(";").join("\n"))}>Copy stack</button>
            </div>
            <h3>Stack, innermost first</h3>
            <ol class="calls">
                {nodes.map((node) => {
                    const frame = frameOf(names, node);
                    return frame && <FrameItem key={node} frame={frame} own={node === own} lines={frame.file ? report.lines?.[frame.file] : undefined} />;
                })}
            </ol>
        </aside>
    );
}
