// live: the first screen of a page that is fed live: is it healthy, what grows, who; each figure as it comes.
import { useMemo, useRef, useState } from "preact/hooks";
import type { Report, Severity } from "../data/report";
import { numberOf, tableOf } from "../data/report";
import { bytes, count, duration, moment, plural, ratio, shortCount } from "../data/format";
import { theFeed, type Alert, type Feed, type Source } from "../data/feed";
import { FIGURES, MOST, REGION_FIGURES, regionColumn } from "../data/messages";
import { describe, type Range } from "../data/range";
import { levelsOf, newestOf, rateNow, ratesOf, type Drawn } from "../data/series";
import { makeSheet, type Sheet } from "../data/sheet";
import { store } from "../data/store";
import type { Theme } from "../draw/theme";
import { Badge, Choice, Panel, SaveButtons, Toggle, ViewLink } from "../parts/controls";
import { saveCsv, saveJson } from "../parts/download";
import { Grid } from "../parts/grid";
import { useFeed, useFeedPart, useStore, useTheme, useWidth } from "../parts/hooks";
import { Icon } from "../parts/icons";
import { noticesState, wantNotices, type Notices } from "../parts/notify";
import { Plot, type Line } from "../parts/plot";
import { sourceName, freshnessOf } from "./livebar";
import { Tile, TopSites, Verdict } from "./overview";

const NOW_SECONDS = 10;
const MOST_LINES = 6;
/** In graphs of more than that older points stand for seconds and more. */
const FINE_NS = 120e9;
const MOST_ALERTS = 12;
const MOST_FAULTS = 5;
const SPANS = [[10, "10 s"], [60, "1 min"], [600, "10 min"], [3600, "1 h"], [0, "All"]] as const;

interface Window { from: number; to: number }

function windowOf(source: Source, span: number): Window {
    const { series } = source;
    const first = series.times[0] ?? 0, to = Math.max(series.end, first + 1e9);
    return { from: span > 0 ? Math.max(first, to - span * 1e9) : first, to };
}

const STATES = [["idle", "Idle", "nothing comes"], ["tracking", "Tracking", "events come, rules are looked at"], ["alerting", "Alerting", "a rule fires"], ["reporting", "Reporting", "the run is over"]] as const;
type StateName = typeof STATES[number][0];

function stateOf(source: Source): StateName {
    if (source.info.state === "waiting" || source.info.state === "gone")
        return "idle";
    if (source.info.state === "ended" || source.info.state === "lost")
        return "reporting";
    return source.firing.length > 0 ? "alerting" : "tracking";
}

/** Where the watched program is on its way, as its own tracer has it. */
function States(props: { source: Source }) {
    useFeed();
    const now = stateOf(props.source);
    return (
        <ol class="states" aria-label="State of the tracking">
            {STATES.map(([name, title, about]) => <li key={name} class={name} aria-current={name === now ? "step" : undefined}><strong>{title}</strong><span>{about}</span></li>)}
        </ol>
    );
}

const signed = (value: number) => (value > 0 ? "+" : "") + bytes(value);
const told = (value: number, text: (value: number) => string) => Number.isFinite(value) ? text(value) : "–";

function sparkOf(source: Source, name: string, span: number) {
    const { from, to } = windowOf(source, span);
    return newestOf(source.series, name, from, to, 60);
}

function Tiles(props: { source: Source; span: number }) {
    const { source, span } = props;
    useFeed();
    const { beat, series } = source;
    if (!beat)
        return null;
    const main = [...beat.regions].sort((a, b) => b.used + b.free - a.used - a.free)[0];
    const split = [...beat.regions].sort((a, b) => b.fragmentation - a.fragmentation)[0];
    const shown = windowOf(source, span);
    const grown = rateNow(series, "live_bytes", NOW_SECONDS);
    return (
        <div class="tiles">
            <Tile title="In use" value={bytes(beat.live_bytes)} sub={plural(beat.live_count, "block")} kind="peak" course={sparkOf(source, "live_bytes", span)} />
            <Tile title="Growth" value={told(grown, (value) => `${signed(value)}/s`)} sub={`over the last ${NOW_SECONDS} s`} kind="growth" />
            <Tile title="Allocated" course={ratesOf(series, ["allocated_bytes"], shown.from, shown.to, 60).values[0]} value={told(rateNow(series, "allocated_bytes", NOW_SECONDS), (value) => `${bytes(value)}/s`)} sub={told(rateNow(series, "allocated_count", NOW_SECONDS), (value) => `${shortCount(value)} allocations/s`)} kind="allocated" />
            {main && <Tile title="Largest free" value={bytes(main.largest)} sub={`block, of ${bytes(main.free)} free in ${main.name}`} />}
            {split && <Tile title="Fragmentation" value={ratio(split.fragmentation)} sub={`of ${split.name}`} />}
            <Tile title="Errors" value={count(beat.faults)} sub={beat.faults > 0 ? "found so far" : "none found"} kind={beat.faults > 0 ? "leaked" : ""} />
        </div>
    );
}

function palette(colours: Theme): string[] {
    return [colours.accent, colours.temporary, colours.freed, colours.peak, colours.growth, colours.allocated];
}

interface ChartProps { source: Source; title: string; about: string; window: Window; drawn: Drawn; lines: Line[]; binary?: boolean; wide: boolean; onHold: (window: Window) => void }

function Chart(props: ChartProps) {
    const { source, title, drawn, lines } = props;
    const last = lines.map((line) => `${line.title} ${line.values.length > 0 ? told(line.values[line.values.length - 1], line.text) : "–"}`).join(", ");
    return (
        <section class={`panel chart ${props.wide ? "wide" : ""}`}><h2>{title} <span class="muted">{props.about}</span></h2>
            <Plot label={`${title}: now ${last}`} height={Math.round((props.wide ? 0.19 : 0.15) * Math.max(760, Math.min(1600, innerHeight)))} binary={props.binary} times={drawn.times} lines={lines} window={props.window} sync={`live-${source.info.id}`}
                flags={source.marks.map((mark) => ({ ns: mark.time_ns, label: mark.label }))} onRange={(from, to) => props.onHold({ from, to })} />
        </section>
    );
}

const perSecond = (value: number) => `${bytes(value)}/s`;

/** Graphs of one source; with regions (a board) by region, else of the whole. */
function Charts(props: { source: Source; window: Window; onHold: (window: Window) => void }) {
    const { source, window } = props;
    const { series } = source;
    const holder = useRef<HTMLDivElement>(null);
    const width = useWidth(holder);
    const colours = useTheme();
    const steps = Math.max(100, Math.min(1200, width));
    const regions = source.regions.slice(0, MOST_LINES);
    const byRegion = (figure: string, title: string, about: string, text: (value: number) => string, binary = true) => {
        const drawn = levelsOf(series, regions.map((region) => regionColumn(figure, region)), window.from, window.to, steps);
        return { title, about, drawn, binary, lines: regions.map((region, i): Line => ({ title: region, values: drawn.values[i], colour: palette(colours)[i], text })) };
    };
    const wide = window.to - window.from > FINE_NS;
    const use = levelsOf(series, ["live_bytes", wide ? MOST : "", ...regions.map((region) => regionColumn("used", region))], window.from, window.to, steps);
    const rates = ratesOf(series, ["allocated_bytes", "freed_bytes"], window.from, window.to, steps);
    const blocks = levelsOf(series, ["live_count"], window.from, window.to, steps);
    const calls = ratesOf(series, ["allocated_count", "freed_count"], window.from, window.to, steps);
    const charts = [
        { title: "Heap in use", about: "asked for and not freed", drawn: use, binary: true, lines: [
            { title: "live", values: use.values[0], colour: colours.accent, fill: true, text: bytes }, ...regions.map((region, i): Line => ({ title: region, values: use.values[i + 2], colour: palette(colours)[(i + 1) % MOST_LINES], text: bytes })),
            ...(wide ? [{ title: "highest in between", values: use.values[1], colour: colours.peak, dash: [3, 3], text: bytes }] : [])] },
        { title: "Allocation rate", about: "bytes a second", drawn: rates, binary: true, lines: [
            { title: "allocated", values: rates.values[0], colour: colours.allocated, fill: true, text: perSecond }, { title: "freed", values: rates.values[1], colour: colours.freed, dash: [4, 3], text: perSecond }] },
        ...(regions.length > 0 ? [
            byRegion("fragmentation", "Fragmentation", "1 − largest free block / free", ratio, false), byRegion("largest", "Largest free block", "what one allocation can get", bytes),
        ] : [
            { title: "Blocks in use", about: "allocated and not freed", drawn: blocks, binary: false, lines: [{ title: "blocks", values: blocks.values[0], colour: colours.peak, fill: true, text: shortCount }] },
            { title: "Calls", about: "a second", drawn: calls, binary: false, lines: [
                { title: "allocations", values: calls.values[0], colour: colours.accent, fill: true, text: shortCount }, { title: "frees", values: calls.values[1], colour: colours.freed, dash: [4, 3], text: shortCount }] },
        ]),
    ];
    return <div class="live-charts" ref={holder}>{charts.map((chart, i) => <Chart key={chart.title} source={source} window={window} wide={i < 2} onHold={props.onHold} {...chart} />)}</div>;
}

const REGION_TITLES: Record<string, [string, string, string]> = { used: ["used", "bytes", "B"], free: ["free", "bytes", "B"], largest: ["largest free", "bytes", "B"], fragmentation: ["fragmentation", "ratio", ""] };

/** The same figures as rows, for screen readers and downloads. */
function sheetOfSeries(source: Source, window: Window): Sheet {
    const { series } = source;
    const from = series.placeAt(window.from), to = series.placeAt(window.to + 1);
    const regions = source.regions.flatMap((region) => REGION_FIGURES.map((figure) => {
        const [title, kind, unit] = REGION_TITLES[figure];
        return { name: regionColumn(figure, region), kind, title: `${region} ${title}`, unit, about: "" };
    }));
    const columns = [{ name: "time_ns", kind: "time", title: "Time", unit: "ns", about: "of the session" }, ...FIGURES.map((name) => ({ ...describe(name), about: "so far, or now" })), ...regions]
        .map((column) => column.name === "live_bytes" ? { ...column, title: "In use" } : column.name === "live_count" ? { ...column, title: "In use, blocks" } : column);
    const values = columns.map((column) => (column.name === "time_ns" ? series.times : series.column(column.name))?.slice(from, to) ?? new Float64Array(to - from));
    const sheet = makeSheet({ name: "live", title: "Live figures", about: "", lead: "live_bytes", series: true }, columns, values, Math.max(0, to - from));
    sheet.additive = new Set();
    return sheet;
}

function Figures(props: { source: Source; report: Report; window: Window }) {
    const sheet = sheetOfSeries(props.source, props.window);
    const rows = Uint32Array.from({ length: sheet.count }, (_, i) => sheet.count - 1 - i);
    return <div class="live-table"><Grid report={props.report} sheet={sheet} rows={rows} sort={null} onSort={() => undefined} /></div>;
}

function Graphs(props: { source: Source; report: Report }) {
    const { source, report } = props;
    const { view } = useStore();
    useFeed();
    const [held, setHeld] = useState<Window | null>(null);
    const window = held ?? windowOf(source, view.span);
    const sheet = () => sheetOfSeries(source, window);
    const rows = (of: Sheet) => Uint32Array.from({ length: of.count }, (_, i) => i);
    return <>
        <div class="tools">
            <Choice label="Graphs show the last" value={String(view.span)} options={SPANS.map(([seconds, title]) => ({ value: String(seconds), title }))} onChange={(span) => { setHeld(null); store.go({ span: Number(span) }); }} />
            <Toggle title="As table" value={view.asTable} onChange={(asTable) => store.go({ asTable })} />
            {held && <button type="button" class="button" onClick={() => setHeld(null)}><Icon name="close" />{moment(held.from)} – {moment(held.to)}: follow again</button>}
            <span class="gap" />
            <SaveButtons csv={() => saveCsv(report, sheet(), rows(sheet()))} json={() => saveJson(report, sheet(), rows(sheet()))} />
        </div>
        {view.asTable ? <Figures source={source} report={report} window={window} /> : <Charts source={source} window={window} onHold={setHeld} />}
    </>;
}

/** The newest slices: an eighth of the run, and ten seconds at least. */
function lately(report: Report): Range | null {
    const slices = report.slices;
    if (!slices?.sites || slices.count < 2)
        return null;
    const wanted = Math.ceil(Math.max(NOW_SECONDS * 1e9, slices.width_ns * slices.count / 8) / slices.width_ns);
    return { from: Math.max(0, slices.count - wanted), to: slices.count };
}

const LEVELS: Severity[] = ["ok", "warn", "critical"];

function AlertItem(props: { alert: Alert; now: number }) {
    const { alert, now } = props;
    const level = LEVELS.find((each) => each === alert.level) ?? "warn";
    return (
        <li class={`finding ${alert.firing ? level : "over"}`}>
            <div class="finding-head"><Badge severity={alert.firing ? level : "ok"} word={alert.firing ? undefined : "Over"} /><h3>{alert.rule}</h3>
                <span class="muted">{alert.firing ? `since ${moment(alert.time_ns)}${now > alert.time_ns ? `, for ${duration(now - alert.time_ns)}` : ""}` : `${moment(alert.time_ns)} – ${moment(alert.ended_ns)}`}</span></div>
            {alert.text && <p>{alert.text}</p>}
        </li>
    );
}

const NOTICE_WORDS: Record<Notices, string> = { off: "Notify me", on: "Notices are on", denied: "Notices are forbidden", missing: "No notices here" };
const NOTICE_WHY: Record<Notices, string> = {
    off: "a notice of the browser when an alert begins, also while this page is in the background", on: "turn notices off", denied: "this browser was told to forbid notices of this page; its settings can allow them",
    missing: "browsers show notices only for pages of this machine or over TLS",
};

function NoticeButton() {
    const [state, setState] = useState(noticesState);
    return <button type="button" class="button" aria-pressed={state === "on"} disabled={state === "denied" || state === "missing"} title={NOTICE_WHY[state]} onClick={() => void wantNotices(state !== "on").then(setState)}>{NOTICE_WORDS[state]}</button>;
}

function Alerts(props: { source: Source }) {
    useFeed();
    const { alerts, firing, series, info } = props.source;
    const when = info.state === "ended" || info.state === "lost" ? "at the end" : info.state === "gone" ? "before it went" : "now";
    const shown = [...firing, ...alerts.filter((alert) => !alert.firing)].slice(0, MOST_ALERTS);
    return (
        <Panel title="Alerts" about={firing.length > 0 ? `${plural(firing.length, "rule fires", "rules fire")} ${when}` : `no rule fires ${when}`} side={<NoticeButton />}>
            <div class="unseen" role="status">{firing.map((alert) => `${alert.rule}: ${alert.text}`).join(". ")}</div>
            {alerts.length === 0 ? <p class="note">None so far. Rules stand in .heaptracer.toml.</p> : <ul class="findings">{shown.map((alert, i) => <AlertItem key={`${alert.rule} ${alert.time_ns} ${i}`} alert={alert} now={series.end} />)}</ul>}
        </Panel>
    );
}

function Faults(props: { report: Report }) {
    const rows = tableOf(props.report, "faults")?.rows ?? [];
    if (rows.length === 0)
        return null;
    return (
        <Panel title="Errors" about={`the newest of ${count(rows.length)}`} side={<ViewLink tab="faults">All</ViewLink>}>
            <ul class="findings">{rows.slice(-MOST_FAULTS).reverse().map((row, i) => (
                <li class="finding critical" key={i}><div class="finding-head"><Badge severity="critical" /><h3>{String(row.fault ?? "")}</h3><span class="muted">{moment(numberOf(row.time_ns))}</span></div>
                    <p>{`${row.address ? `at ${row.address}` : ""}${row.task ? ` in ${row.task}` : ""}`}</p></li>
            ))}</ul>
        </Panel>
    );
}

/** One of several sources: its state and its course; a click makes it the one that all views tell about. */
function Card(props: { feed: Feed; source: Source; span: number }) {
    const { feed, source, span } = props;
    const { beat, info, series } = source;
    const holder = useRef<HTMLDivElement>(null);
    const colours = useTheme();
    const steps = Math.max(60, useWidth(holder));
    const window = windowOf(source, span);
    const use = levelsOf(series, ["live_bytes"], window.from, window.to, steps);
    const { kind, word } = freshnessOf(feed, source);
    const level = source.firing.some((alert) => alert.level === "critical") ? "critical" : "warn";
    return (
        <section class={`panel source-card ${source === feed.chosen ? "chosen" : ""}`} aria-label={sourceName(info)}>
            <div class="panel-head"><div><h2>{sourceName(info)}</h2><p>{info.kind}{info.word && info.word !== info.name ? `, ${info.word}` : ""}</p></div>
                <span class={`chip ${kind}`}><i aria-hidden="true" /><strong>{word}</strong></span></div>
            <div class="card-figures"><strong>{beat ? bytes(beat.live_bytes) : "–"}</strong><span>{beat ? `${told(rateNow(series, "live_bytes", NOW_SECONDS), signed)}/s` : info.why}</span>
                {source.firing.length > 0 && <Badge severity={level} word={plural(source.firing.length, "alert")} />}
                {beat && beat.regions.length > 0 && <span>fragmentation {ratio(Math.max(...beat.regions.map((region) => region.fragmentation)))}</span>}</div>
            <div ref={holder}>{series.count > 1 && <Plot label={`Heap in use of ${sourceName(info)}`} height={110} binary times={use.times} window={window} sync={`card-${info.id}`}
                lines={[{ title: "live", values: use.values[0], colour: colours.accent, fill: true, text: bytes }]} />}</div>
            <button type="button" class="button" aria-pressed={source === feed.chosen} onClick={() => feed.show(source)}>{source === feed.chosen ? "Shown in all views" : "Show"}</button>
        </section>
    );
}

function Sources(props: { feed: Feed; span: number }) {
    const { feed, span } = props;
    useFeed();
    if (feed.sources.length < 2)
        return null;
    return <div class="source-cards">{feed.sources.map((source) => <Card key={source.info.id} feed={feed} source={source} span={span} />)}</div>;
}

export function LiveView(props: { report: Report }) {
    const { report } = props;
    const feed = theFeed();
    const { view } = useStore();
    const source = useFeedPart((of) => of.chosen, null);
    const range = useMemo(() => lately(report), [report]);
    if (!feed || !source)
        return null;
    return (
        <div class="view overview live">
            <h1 class="unseen">Live</h1>
            <Sources feed={feed} span={view.span} />
            <States source={source} />
            <div class="glance"><Verdict report={report} range={null} /><Tiles source={source} span={view.span} /></div>
            <div class="columns">
                <div><Graphs key={source.info.id} source={source} report={report} /></div>
                <div>
                    <Alerts source={source} />
                    {range && <TopSites report={report} range={range} about={`in the last ${duration((range.to - range.from) * (report.slices?.width_ns ?? 0))} of the run`} />}
                    <Faults report={report} />
                </div>
            </div>
        </div>
    );
}
