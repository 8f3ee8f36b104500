// livebar: above every view of a live page: which source, how fresh, and what can be asked of it: freeze, mark, record, a new report, files.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { duration, plural } from "../data/format";
import type { Feed, Source } from "../data/feed";
import type { SourceInfo } from "../data/messages";
import { Banner, Empty, Toggle } from "../parts/controls";
import { saveBlob } from "../parts/download";
import { useFeed, useSecond } from "../parts/hooks";
import { Icon } from "../parts/icons";

/** Beats come ten times a second; after so long without one something is wrong. */
const STALE_SECONDS = 5;
const TOLD_MS = 6000;
/** One message now and then is nobody's trouble. */
const MANY_DROPPED = 10;
const DROPPED_MS = 5000;

const STATE_WORDS: Record<SourceInfo["state"], string> = { waiting: "Waiting", reading: "Reading", live: "Live", gone: "Gone", ended: "Ended", lost: "Lost" };

export function sourceName(info: SourceInfo): string {
    return info.name || info.word || `source ${info.id}`;
}

const clock = (unix_ns: number) => new Date(unix_ns / 1e6).toLocaleTimeString();
const sinceOf = ({ since_unix_ns }: SourceInfo) => since_unix_ns > 0 ? `since ${clock(since_unix_ns)}` : "";

const aged = (seconds: number) => seconds < 1 ? "now" : `${duration(Math.round(seconds) * 1e9)} old`;

interface Freshness { kind: "ok" | "wait" | "bad" | "done"; word: string; sub: string }

export function freshnessOf(feed: Feed, source: Source | null): Freshness {
    const { phase, tries } = feed.link.state;
    if (phase === "retrying")
        return { kind: "bad", word: "Disconnected", sub: `try ${tries}${source?.heardAt ? `, data ${aged(feed.age)}` : ""}` };
    if (!source || phase !== "open")
        return { kind: "wait", word: phase === "open" ? "No source" : "Connecting", sub: "" };
    if (source.info.state === "live" && source.heardAt && feed.age > STALE_SECONDS)
        return { kind: "bad", word: "Silent", sub: `data ${aged(feed.age)}` };
    const kinds = { live: "ok", reading: "wait", waiting: "wait", gone: "bad", ended: "done", lost: "bad" } as const;
    const { state } = source.info, behind = source.beat?.behind_ns ?? 0;
    const sub = state === "live" && source.heardAt ? aged(feed.age) : state === "gone" ? sinceOf(source.info) : state === "reading" && behind > 0 ? `${duration(behind)} behind` : "";
    return { kind: kinds[state], word: STATE_WORDS[state], sub };
}

function Chip(props: { feed: Feed; source: Source | null }) {
    useSecond();
    const { kind, word, sub } = freshnessOf(props.feed, props.source);
    return <span class={`chip ${kind}`}><i aria-hidden="true" /><strong>{word}</strong>{sub && <span>{sub}</span>}</span>;
}

function Picker(props: { feed: Feed; source: Source }) {
    const { feed, source } = props;
    if (feed.sources.length < 2)
        return <span class="source-name" title={source.info.word}><strong>{sourceName(source.info)}</strong> <span class="muted">{source.info.kind}</span></span>;
    return (
        <label class="pick"><span class="unseen">Source</span>
            <select value={String(source.info.id)} onChange={(event) => { const chosen = feed.sources.find((each) => String(each.info.id) === event.currentTarget.value); if (chosen) feed.show(chosen); }}>
                {feed.sources.map(({ info }) => <option key={info.id} value={String(info.id)}>{`${sourceName(info)} · ${info.kind} · ${STATE_WORDS[info.state].toLowerCase()}`}</option>)}
            </select>
        </label>
    );
}

/** A list that opens below a button. */
function Menu(props: { title: string; icon: string; children: (close: () => void) => ComponentChildren }) {
    const box = useRef<HTMLDetailsElement>(null);
    const close = () => { if (box.current) box.current.open = false; };
    return (
        <details class="picker menu" ref={box} onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); close(); box.current?.querySelector("summary")?.focus(); } }}>
            <summary class="button"><Icon name={props.icon} /><span>{props.title}</span></summary>
            <div class="picker-list">{props.children(close)}</div>
        </details>
    );
}

function MarkForm(props: { onMark: (label: string) => void }) {
    const [label, setLabel] = useState("");
    return (
        <form class="mark-form" onSubmit={(event) => { event.preventDefault(); props.onMark(label.trim() || "mark"); setLabel(""); }}>
            <label>Name of the mark <input class="field" maxLength={80} value={label} data-mark onInput={(event) => setLabel(event.currentTarget.value)} /></label>
            <button type="submit" class="button">Mark now</button>
        </form>
    );
}

/** What is in memory at an address, where the server may tell it. */
function BytesForm(props: { onAsk: (address: string, bytes: number) => void }) {
    const [address, setAddress] = useState("");
    const [bytes, setBytes] = useState("64");
    return (
        <form class="mark-form" onSubmit={(event) => { event.preventDefault(); props.onAsk(address.trim(), Number(bytes)); }}>
            <label>Bytes from address <input class="field mono" required pattern="\s*0x[0-9a-fA-F]{1,16}\s*" placeholder="0x7f00" title="0x and hexadecimal digits" value={address} onInput={(event) => setAddress(event.currentTarget.value)} /></label>
            <label>How many <input class="field" type="number" required min={1} max={65536} value={bytes} onInput={(event) => setBytes(event.currentTarget.value)} /></label>
            <button type="submit" class="button">Save them</button>
        </form>
    );
}

const DUMPS: [string, string][] = [["Live blocks, JSON", "blocks.json"], ["Live blocks, CSV", "blocks.csv"]];
const FILES: [string, string, string][] = [
    ["Report, HTML", "report.html", "text/html"], ["Report, JSON", "report.json", "application/json"], ["Sites, CSV", "table/hotspots.csv", "text/csv"],
    ["Never freed, CSV", "table/leaks.csv", "text/csv"], ["Timeline, CSV", "table/timeline.csv", "text/csv"],
];

/** What was asked for last and what came of it. */
function useDeeds(): [string, (what: string, deed: Promise<unknown>) => void] {
    const [told, setTold] = useState("");
    useEffect(() => {
        const timer = told ? setTimeout(() => setTold(""), TOLD_MS) : 0;
        return () => clearTimeout(timer);
    }, [told]);
    return [told, (what, deed) => { deed.then(() => setTold(what), (error: Error) => setTold(`${error.message}.`)); }];
}

const stemOf = ({ info }: Source) => sourceName(info).replace(/[^\w.-]+/g, "_");

async function fetchFile(feed: Feed, source: Source, path: string): Promise<void> {
    saveBlob(`${stemOf(source)}.${path.replace(/^.*\//, "")}`, await feed.download(path));
}

async function fetchBytes(feed: Feed, source: Source, address: string, bytes: number): Promise<void> {
    const digits = String(await feed.ask("dump", { address, bytes }));
    saveBlob(`${stemOf(source)}.${address}.bin`, new Blob([Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))]));
}

function Commands(props: { feed: Feed; source: Source }) {
    const { feed, source } = props;
    const [told, tell] = useDeeds();
    const can = (what: string) => source.info.can.includes(what);
    const { recording } = source.info;
    const isOpen = feed.link.state.phase === "open";
    const turn = (on: boolean) => tell(on ? "Recording." : "Recording is stopped.", feed.ask("record", { on }));
    return <>
        <span class="deed" role="status">{told}</span>
        <Toggle title={feed.frozen ? "Frozen" : "Freeze"} about="the views stop, graphs and figures go on (f)" value={feed.frozen} onChange={(frozen) => feed.freeze(frozen)} />
        {can("mark") && <Menu title="Mark" icon="marks">{(close) => <MarkForm onMark={(label) => { close(); tell(`Marked “${label}”.`, feed.mark(label)); }} />}</Menu>}
        {can("record") && recording !== false && <button type="button" class="button" disabled={!isOpen} onClick={() => turn(false)}>Stop recording</button>}
        {can("record") && recording !== true && <button type="button" class="button" disabled={!isOpen} onClick={() => turn(true)}>Record</button>}
        <button type="button" class="button" disabled={!isOpen} title="a report of this moment" onClick={() => tell("The report is of now.", feed.ask("detail"))}>Report now</button>
        <Menu title="Dump" icon="heaps">{(close) => <>
            {DUMPS.map(([title, path]) => <button type="button" class="menu-item" key={path} onClick={() => { close(); tell(`${title} are saved.`, fetchFile(feed, source, path)); }}>{title}</button>)}
            <BytesForm onAsk={(address, bytes) => { close(); tell(`${plural(bytes, "byte")} from ${address} are saved.`, fetchBytes(feed, source, address, bytes)); }} />
        </>}</Menu>
        <Menu title="Download" icon="download">{(close) => FILES.map(([title, path]) => (
            <button type="button" class="menu-item" key={path} onClick={() => { close(); tell(`${title} is saved.`, fetchFile(feed, source, path)); }}>{title}</button>
        ))}</Menu>
    </>;
}

export function LiveBar() {
    const feed = useFeed();
    if (!feed)
        return null;
    const source = feed.chosen;
    return (
        <section class="livebar" aria-label="Live source">
            <Chip feed={feed} source={source} />
            {source && <Picker feed={feed} source={source} />}
            {source && source.dropped > 0 && <span class="behind muted" title="what this page was too slow for; totals are right, graphs are coarser there">{plural(source.dropped, "message")} left out</span>}
            {feed.link.isStream && feed.link.state.phase === "open" && <span class="behind muted" title="WebSockets do not get through here: figures come as a stream of events, commands go as requests">event stream</span>}
            {feed.behind && <span class="behind muted">something newer waits</span>}
            <span class="gap" />
            {source && <Commands feed={feed} source={source} />}
        </section>
    );
}

/** What keeps the figures from being those of now. */
export function LiveBanners() {
    const feed = useFeed();
    useSecond();
    if (!feed)
        return null;
    const { phase, tries, retryAt } = feed.link.state;
    const source = feed.chosen;
    const wait = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
    const why = source?.info.why ? ` ${source.info.why}` : "";
    return <>
        {phase === "retrying" && <div class="banner warn" role="status"><Icon name="warn" /><div><strong>The server does not answer.</strong> {source?.heardAt ? `What you see is ${aged(feed.age)}. ` : ""}
            Try {tries}{wait > 0 ? `, again in ${wait} s.` : ": now."} <button type="button" class="link" onClick={() => feed.link.open()}>Try now</button></div></div>}
        {phase === "open" && source?.info.state === "lost" && <Banner severity="warn" title="The source is gone.">It may come back.{why}</Banner>}
        {phase === "open" && source?.info.state === "gone" && <Banner severity="warn" title={`The line is gone ${sinceOf(source.info)}`.trim() + "."}>What you see is what came before; it goes on when the line is back.{why}</Banner>}
        {phase === "open" && source?.info.state === "ended" && <Banner severity="ok" title="The run is over.">What you see is all of it.{why}</Banner>}
        {source && source.fault !== "" && <Banner severity="critical" title="The newest report could not be read.">{source.fault}.</Banner>}
        {source && source.dropped >= MANY_DROPPED && performance.now() - source.droppedAt < DROPPED_MS && <Banner severity="warn" title="This page reads slower than the server tells.">{`${plural(source.dropped, "message")} were left out so far; totals are right, graphs are coarser there.`}</Banner>}
    </>;
}

function TokenForm(props: { feed: Feed; why: string }) {
    const [token, setToken] = useState("");
    return (
        <form class="token-form" onSubmit={(event) => { event.preventDefault(); props.feed.link.withToken(token.trim()); }}>
            <h1>This server wants a token</h1>
            <p class="muted">{props.why}.</p>
            <label>Token <input class="field" type="password" autocomplete="off" value={token} onInput={(event) => setToken(event.currentTarget.value)} /></label>
            <button type="submit" class="button" disabled={token.trim() === ""}>Open</button>
        </form>
    );
}

/** In place of all views while there is nothing that they could tell about; null when there is. */
export function NothingYet() {
    const feed = useFeed()!;
    const { phase, why } = feed.link.state;
    const source = feed.chosen;
    if (phase === "refused")
        return <TokenForm feed={feed} why={why} />;
    if (!feed.greeted)
        return <div class="boot inner" role="status"><span class="boot-mark" />{phase === "retrying" ? "The server does not answer yet…" : "Connecting…"}</div>;
    if (!source)
        return <Empty title="Nothing is watched">Name what to watch: heaptracer serve PID, a trace FILE, or serial:/dev/ttyACM0. Sources that join later show up here by themselves.</Empty>;
    if (source.info.state === "waiting" && !source.beat)
        return <div class="boot inner" role="status"><span class="boot-mark" /><p class="empty-title">Waiting for {sourceName(source.info)}</p><p>{source.info.why || "Its first event has not come yet."}</p></div>;
    return null;
}

export function isNothingYet(feed: Feed): boolean {
    const source = feed.chosen;
    return feed.link.state.phase === "refused" || !feed.greeted || !source || (source.info.state === "waiting" && !source.beat);
}

