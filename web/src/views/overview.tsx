// overview: the answer in one glance: healthy or not, what grows, who holds it and since when; each answer leads to its view.
import { useMemo } from "preact/hooks";
import type { Finding, Health, Numbers, Report } from "../data/report";
import { firstRow, numberOf, tableOf } from "../data/report";
import { bytes, count, duration, figure, moment, plural, ratio, sentence, shortCount } from "../data/format";
import { courseOf, topSites } from "../data/course";
import { sharesOf } from "../data/modules";
import { callersOf, namesOf, stackName, stackPlace } from "../data/names";
import { CELL_COLUMNS, sumCells, type Range } from "../data/range";
import { numbersOf, sheetOf } from "../data/sheet";
import { store } from "../data/store";
import { bestMetric, hasWeights, METRIC_TITLES, weightsOf } from "../data/weights";
import { Badge, Empty, Panel, SaveButtons, ViewLink } from "../parts/controls";
import { saveCsv, saveJson } from "../parts/download";
import { Icon } from "../parts/icons";
import { useTheme } from "../parts/hooks";
import { Plot } from "../parts/plot";
import { Spark } from "../parts/spark";
import { Amounts } from "./changes";
import { flagsOf, liveLines, rangeTimes, saveTimeline, selectTime } from "./timeline";
import { MemoryPanel } from "./regions";
import { tabsOf } from "./tabs";

const TOP = 5;
const VERDICTS: Record<Health["verdict"], string> = { ok: "Healthy", warn: "Needs attention", critical: "Critical" };

function Ring(props: { score: number; verdict: string }) {
    const length = 2 * Math.PI * 30;
    return (
        <svg class={`ring ${props.verdict}`} viewBox="0 0 72 72" width="72" height="72" role="img" aria-label={`Health score ${Math.round(props.score)} of 100`}>
            <circle cx="36" cy="36" r="30" class="ring-back" />
            <circle cx="36" cy="36" r="30" class="ring-front" stroke-dasharray={`${length * props.score / 100} ${length}`} transform="rotate(-90 36 36)" />
            <text x="36" y="37" text-anchor="middle" dominant-baseline="central">{Math.round(props.score)}</text>
        </svg>
    );
}

export function Verdict(props: { report: Report; range: Range | null }) {
    const health = props.report.health;
    if (!health)
        return <section class="panel verdict"><div class="verdict-text"><h2>No verdict</h2><p>{store.state.live && !props.report.health ? "The first report has not come yet." : "This report was made without a health check."}</p></div></section>;
    return (
        <section class={`panel verdict ${health.verdict}`} aria-label="Health">
            {health.score !== null && <Ring score={health.score} verdict={health.verdict} />}
            <div class="verdict-text">
                <h2><Icon name={health.verdict} />{VERDICTS[health.verdict] ?? health.verdict}</h2>
                {health.summary.map((line) => <p key={line}>{sentence(line)}</p>)}
                {props.range && <p class="muted">This is about the whole recording, not the selected time alone.</p>}
            </div>
        </section>
    );
}

export function Tile(props: { title: string; value: string; sub?: string; tab?: string; kind?: string; course?: Numbers | null }) {
    const inside = <><span class="tile-title">{props.title}</span><strong class="tile-value">{props.value}</strong><span class="tile-sub">{sentence(props.sub ?? "")}</span>
        {props.course && <Spark values={props.course} kind={props.kind} label={`${props.title} over time`} />}</>;
    return props.tab ? <ViewLink class={`tile ${props.kind ?? ""}`} tab={props.tab}>{inside}</ViewLink>
        : <div class={`tile ${props.kind ?? ""}`}>{inside}</div>;
}

/** What was never freed of what had been allocated up to the end of each slice. */
function leakedCourse(report: Report): Numbers | null {
    const cells = report.slices?.threads;
    if (!cells?.leaked_bytes)
        return null;
    const course = new Float64Array(report.slices!.count);
    cells.slice.forEach((slice, at) => course[slice] += cells.leaked_bytes[at]);
    for (let i = 1; i < course.length; i++)
        course[i] += course[i - 1];
    return course;
}

/** The limits of an estimate, where the recording was sampled. */
function limits(row: Record<string, unknown>, name: string): string {
    const [value, low, high] = [numberOf(row[`${name}_bytes`]), numberOf(row[`${name}_low_bytes`]), numberOf(row[`${name}_high_bytes`])];
    return high > low && value > 0 ? `estimate ± ${ratio(Math.max(high - value, value - low) / value)}` : "";
}

function Tiles(props: { report: Report; range: Range | null }) {
    const { report, range } = props;
    const row = firstRow(report, "summary");
    if (range && report.slices?.sites) {
        const sums = sumCells(report.slices.sites, range);
        const total = (name: typeof CELL_COLUMNS[number]) => sums.total(name);
        const growth = total("allocated_bytes") - total("freed_bytes");
        return (
            <div class="tiles">
                <Tile title="Growth" value={(growth > 0 ? "+" : "") + bytes(growth)} sub="allocated − freed" tab="sites" kind="growth" />
                <Tile title="Never freed" value={bytes(total("leaked_bytes"))} sub={`${plural(total("leaked_count"), "block")} born here`} tab="leaks" kind="leaked" />
                <Tile title="Allocated" value={bytes(total("allocated_bytes"))} sub={plural(total("allocated_count"), "allocation")} tab="hotspots" kind="allocated" />
                <Tile title="Freed" value={bytes(total("freed_bytes"))} sub={plural(total("freed_count"), "free")} />
                <Tile title="Temporary" value={shortCount(total("temporary_count"))} sub={`${ratio(total("temporary_count") / (total("allocated_count") || 1))} of the allocations`} tab="temporary" kind="temporary" />
            </div>
        );
    }
    const slices = report.slices;
    const seconds = numberOf(row.duration_ns) / 1e9;
    const temporary = report.sites?.temporary_count?.reduce((a, b) => a + b, 0);
    return (
        <div class="tiles">
            <Tile title="Peak" value={bytes(numberOf(row.peak_bytes))} sub={limits(row, "peak") || `${plural(numberOf(row.peak_count), "block")} at ${moment(numberOf(row.peak_time_ns))}`} tab="peak" kind="peak" course={slices?.live_bytes} />
            <Tile title="Never freed" value={bytes(numberOf(row.leaked_bytes))} sub={plural(numberOf(row.leaked_count), "block")} tab="leaks" kind="leaked" course={leakedCourse(report)} />
            <Tile title="Allocated" value={bytes(numberOf(row.allocated_bytes))} sub={limits(row, "allocated") || plural(numberOf(row.allocations), "allocation")} tab="hotspots" kind="allocated" course={slices?.allocated_bytes} />
            {temporary !== undefined && <Tile title="Temporary" value={ratio(temporary / (numberOf(row.allocations) || 1))} sub={`${shortCount(temporary)} freed at once`} tab="temporary" kind="temporary" course={slices?.temporary_count} />}
            <Tile title="Ran for" value={duration(numberOf(row.duration_ns))} sub={seconds > 0 ? `${shortCount(numberOf(row.allocations) / seconds)} allocations/s` : ""} tab="cost" course={slices?.allocated_count} />
        </div>
    );
}

function FindingItem(props: { report: Report; finding: Finding }) {
    const { finding, report } = props;
    const tab = tabsOf(report).find((each) => each.table === finding.table);
    const names = namesOf(report);
    const stack = finding.stack && finding.stack < names.stacks.parent.length ? finding.stack : 0;
    return (
        <li class={`finding ${finding.severity}`}>
            <div class="finding-head"><Badge severity={finding.severity} /><h3>{finding.title}</h3></div>
            {finding.evidence && <p>{sentence(finding.evidence)}</p>}
            {finding.recommendation && <p class="advice"><Icon name="right" /><span>{finding.recommendation}</span></p>}
            {(stack > 0 || tab) && <div class="finding-links">
                {stack > 0 && <button type="button" class="link" onClick={() => store.go({ stack })}>{stackName(names, stack)}</button>}
                {tab && <ViewLink tab={tab.id}>{tab.title}</ViewLink>}
            </div>}
        </li>
    );
}

/** What was looked at and is well: one line, its figures on demand. */
function Passed(props: { finding: Finding }) {
    return <li><details><summary><Icon name="ok" /><span>{props.finding.title}</span></summary><p>{sentence(props.finding.evidence ?? "")}</p></details></li>;
}

const RANK = { critical: 0, warn: 1, ok: 2 };

function Findings(props: { report: Report }) {
    const findings = [...props.report.health?.findings ?? []].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
    if (findings.length === 0)
        return null;
    const open = findings.filter((finding) => finding.severity !== "ok"), passed = findings.filter((finding) => finding.severity === "ok");
    return (
        <Panel title={open.length > 0 ? "Findings" : "Nothing to warn about"}>
            {open.length > 0 && <ul class="findings">{open.map((finding) => <FindingItem key={finding.id} report={props.report} finding={finding} />)}</ul>}
            {passed.length > 0 && <ul class="passed">{passed.map((finding) => <Passed key={finding.id} finding={finding} />)}</ul>}
        </Panel>
    );
}

export function TopSites(props: { report: Report; range: Range | null; about?: string }) {
    const { report, range } = props;
    const names = namesOf(report);
    const metric = range && hasWeights(report, "growth", "bytes", range) ? "growth" : bestMetric(report, null, "bytes", range);
    const weights = weightsOf(report, metric, "bytes", range);
    const top = useMemo(() => topSites(weights.value, TOP), [weights]);
    const titles: Record<string, string> = { leaked: "Who never frees", growth: "Who grew in this time", peak: "Who held the peak", allocated: "Who allocates most", temporary: "Who makes temporary blocks" };
    if (top.length === 0)
        return <Panel title={titles[metric]}><Empty title="Nobody">{range ? "No site grew in the selected time." : "Every block was freed."}</Empty></Panel>;
    const largest = weights.value[top[0]];
    return (
        <Panel title={titles[metric]} about={props.about ?? "bytes held over time, by the stack that allocated"} side={<ViewLink tab={metric === "leaked" ? "leaks" : "sites"}>All sites</ViewLink>}>
            <ol class="tops">
                {top.map((site) => {
                    const stack = weights.stack[site];
                    const course = courseOf(report, site);
                    return (
                        <li key={site}><button type="button" onClick={() => store.go({ stack })}>
                            <span class="top-name"><span class="fn">{stackName(names, stack)}</span><span class="place">{stackPlace(names, stack)} {callersOf(names, stack, 2)}</span></span>
                            {course && <Spark values={course.live} kind={metric} label={`bytes held over time, at most ${bytes(Math.max(...course.live))}`} />}
                            <span class="top-value"><strong>{bytes(weights.value[site])}</strong><span class="muted">{ratio(weights.value[site] / (weights.total || 1))}</span></span>
                            <span class="top-bar" aria-hidden="true"><span class={metric} style={{ width: `${weights.value[site] / largest * 100}%` }} /></span>
                        </button></li>
                    );
                })}
            </ol>
        </Panel>
    );
}

interface Part { name: string; value: number; sub?: string; open: () => void }

function Parts(props: { title: string; about: string; link: string; parts: Part[]; kind: string }) {
    const total = props.parts.reduce((sum, part) => sum + part.value, 0);
    const shown = props.parts.filter((part) => part.value > 0).slice(0, TOP);
    const largest = shown[0]?.value || 1;
    if (shown.length === 0)
        return null;
    return (
        <Panel title={props.title} about={props.about} side={<ViewLink tab={props.link}>All</ViewLink>}>
            <ol class="tops plain">
                {shown.map((part, i) => (
                    <li key={i}><button type="button" onClick={part.open}>
                        <span class="top-name"><span class="fn">{part.name}</span>{part.sub && <span class="place">{part.sub}</span>}</span>
                        <span class="top-value"><strong>{bytes(part.value)}</strong><span class="muted">{ratio(part.value / (total || 1))}</span></span>
                        <span class="top-bar" aria-hidden="true"><span class={props.kind} style={{ width: `${part.value / largest * 100}%` }} /></span>
                    </button></li>
                ))}
            </ol>
        </Panel>
    );
}

function threadParts(report: Report, range: Range | null): Part[] {
    const cells = report.slices?.threads;
    const threads = report.threads ?? [];
    if (!cells || threads.length === 0)
        return [];
    const sums = sumCells(cells, range ?? { from: 0, to: report.slices!.count });
    return threads.map((thread, i) => ({
        name: thread.name || `thread ${thread.tid}`, sub: `tid ${thread.tid}`, value: sums.one("allocated_bytes", i) ?? 0,
        open: () => store.go({ tab: "threads", filter: "", sort: null }, true),
    })).sort((a, b) => b.value - a.value);
}

function Course(props: { report: Report; range: Range | null }) {
    const { report, range } = props;
    const colours = useTheme();
    const table = tableOf(report, "timeline");
    const flags = useMemo(() => flagsOf(report), [report.tables]);
    if (!table || table.rows.length < 2)
        return null;
    const sheet = sheetOf(table);
    const rows = () => Uint32Array.from({ length: sheet.count }, (_, i) => i);
    return (
        <Panel title="Live bytes" about="drag to select a time: every view then tells about it alone" class="chart"
            side={<SaveButtons csv={() => saveCsv(report, sheet, rows())} json={() => saveJson(report, sheet, rows())} svg={() => saveTimeline(report, sheet)} />}>
            <Plot label="Live bytes over time; the view Timeline has the same as a table" height={230} binary times={numbersOf(sheet, "time_ns") ?? []} lines={liveLines(sheet, colours)} flags={flags}
                range={rangeTimes(report, range)} onRange={(from, to) => selectTime(report, from, to)} />
        </Panel>
    );
}

function Metrics(props: { report: Report }) {
    const metrics = props.report.health?.metrics ?? [];
    if (metrics.length === 0)
        return null;
    return (
        <Panel title="Measured" about="every figure comes from the tables of this report">
            <dl class="metrics">{metrics.map((metric) => <div key={metric.name} title={metric.about}><dt>{metric.title}</dt><dd>{figure(metric.value, metric.unit)}</dd></div>)}</dl>
        </Panel>
    );
}

export function OverviewView(props: { report: Report; range: Range | null }) {
    const { report, range } = props;
    const row = firstRow(report, "summary");
    if (numberOf(row.events) === 0 && !report.sites?.stack.length)
        return <div class="view"><h1 class="unseen">Overview</h1><Empty title="Nothing was recorded">The program made no allocation while it was watched, or it links its allocator statically. heaptracer run --help tells how such programs are watched.</Empty></div>;
    const metric = bestMetric(report, null, "bytes", range);
    const weights = weightsOf(report, metric, "bytes", range);
    const modules = sharesOf(namesOf(report), weights).map((share) => ({
        name: share.name, sub: plural(share.parts.length, "function"), value: share.value, open: () => store.go({ tab: "treemap", filter: share.name }, true),
    }));
    return (
        <div class="view overview">
            <h1 class="unseen">Overview</h1>
            <div class="glance"><Verdict report={report} range={range} /><Tiles report={report} range={range} /></div>
            <Amounts report={report} link />
            <MemoryPanel report={report} />
            <Course report={report} range={range} />
            <div class="columns">
                <div><TopSites report={report} range={range} />
                    <div class="pair">
                        <Parts title="By module" about={METRIC_TITLES[metric].toLowerCase()} link="treemap" parts={modules} kind={metric} />
                        <Parts title="By thread" about="allocated" link="threads" parts={threadParts(report, range)} kind="allocated" />
                    </div>
                </div>
                <div><Findings report={report} /><Metrics report={report} /></div>
            </div>
            <p class="foot">{count(numberOf(row.events))} events of {plural(numberOf(row.threads), "thread")} in {plural(numberOf(row.processes), "process", "processes")}, {plural(numberOf(row.sites), "site")}.</p>
        </div>
    );
}
