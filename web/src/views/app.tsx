// app: the frame of the page: head, navigation, range, the view that the address names, the detail beside it; keys that work everywhere.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Report } from "../data/report";
import { bytes } from "../data/format";
import type { Range } from "../data/range";
import { theFeed } from "../data/feed";
import { store } from "../data/store";
import { chooseTheme, themeChoice, type Choice as ThemeChoice } from "../draw/theme";
import { Banner, openView, ViewLink } from "../parts/controls";
import { Detail } from "../parts/detail";
import { Icon } from "../parts/icons";
import { rangeOf, useFeedPart, useStore, useTheme } from "../parts/hooks";
import { Scrubber } from "../parts/scrubber";
import { ClassesView } from "./bars";
import { ChangesView } from "./changes";
import { CostView } from "./cost";
import { FaultsView } from "./faults";
import { FlameView } from "./flame";
import { Help } from "./help";
import { LostView } from "./lost";
import { MapView } from "./maps";
import { ModulesView } from "./modules";
import { LiveView } from "./live";
import { isNothingYet, LiveBanners, LiveBar, NothingYet } from "./livebar";
import { OverviewView } from "./overview";
import { RegionsView } from "./regions";
import { TableView } from "./table";
import { tabsOf, type Tab } from "./tabs";
import { TimelineView } from "./timeline";

const NEXT: Record<ThemeChoice, ThemeChoice> = { auto: "light", light: "dark", dark: "auto" };

function ThemeButton() {
    useTheme();
    const choice = themeChoice();
    return <button type="button" class="quiet icon-button" aria-label={`Theme: ${choice}`} title={`Theme: ${choice} (t)`} onClick={() => chooseTheme(NEXT[choice])}><Icon name={choice} /></button>;
}

/** The program's name and the rest of its command line. */
function commandOf(report: Report): [string, string] {
    const command = report.trace?.command ?? report.trace?.path ?? "";
    const end = command.search(/\s|$/);
    return [command.slice(0, end).replace(/^.*\//, ""), command.slice(end).trim()];
}

function Navigation(props: { tabs: Tab[]; current: string; onDone: () => void }) {
    const parts = [...new Set(props.tabs.map((tab) => tab.part))];
    return (
        <nav class="nav" id="nav" aria-label="Views">
            {parts.map((part) => (
                <div class="nav-part" key={part}>
                    {part && <h2>{part}</h2>}
                    <ul>{props.tabs.filter((tab) => tab.part === part).map((tab) => (
                        <li key={tab.id}><ViewLink tab={tab.id} class="" current={tab.id === props.current} onGo={props.onDone}><Icon name={tab.icon} /><span>{tab.title}</span></ViewLink></li>
                    ))}</ul>
                </div>
            ))}
        </nav>
    );
}

function Content(props: { report: Report; tab: Tab; range: Range | null }) {
    const { report, tab, range } = props;
    switch (tab.id) {
    case "live": return <LiveView report={report} />;
    case "overview": return <OverviewView report={report} range={range} />;
    case "flame": return <FlameView report={report} range={range} />;
    case "timeline": return <TimelineView report={report} range={range} />;
    case "treemap": return <ModulesView report={report} range={range} />;
    case "heap_map": case "pages": return <MapView report={report} tab={tab} range={range} />;
    case "faults": return <FaultsView report={report} tab={tab} range={range} />;
    case "reach": return <LostView report={report} tab={tab} range={range} />;
    case "regions": return <RegionsView report={report} tab={tab} range={range} />;
    case "sizes": case "lifetime": return <ClassesView report={report} tab={tab} range={range} />;
    case "changes": return <ChangesView report={report} tab={tab} range={range} />;
    case "cost": return <CostView report={report} />;
    default: return <TableView report={report} tab={tab} range={range} />;
    }
}

function Banners(props: { report: Report }) {
    const { report } = props;
    const sampling = report.trace?.sample_bytes ?? 0;
    return <>
        {report.complete === false && <Banner severity="warn" title="The trace could not be read to its end.">{report.problem ?? ""} Everything here tells about what could be read.</Banner>}
        {sampling > 0 && <Banner severity="ok" title="Sampled recording.">One sample per {bytes(sampling)} on average: figures are estimates ±; limits are those of a 95 % interval.</Banner>}
    </>;
}

function openMark(): void {
    const field = document.querySelector<HTMLInputElement>("[data-mark]");
    field?.closest("details")?.setAttribute("open", "");
    field?.focus();
}

/** Keys that work wherever the focus is, but not while one types. */
function useKeys(tabs: Tab[], toggleHelp: () => void): void {
    const feed = theFeed();
    useEffect(() => {
        const press = (event: KeyboardEvent) => {
            const target = event.target as Element;
            if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea, select") || document.querySelector("dialog[open]"))
                return;
            const { view } = store.state;
            const at = tabs.findIndex((tab) => tab.id === view.tab);
            const near = event.key === "]" ? at + 1 : event.key === "[" ? at - 1 : /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
            if (near >= 0 && tabs[near])
                openView(tabs[near].id);
            else if (event.key === "/")
                document.querySelector<HTMLInputElement>("[data-search]")?.focus();
            else if (event.key === "?")
                toggleHelp();
            else if (event.key === "t")
                chooseTheme(NEXT[themeChoice()]);
            else if (event.key === "f" && feed)
                feed.freeze(!feed.frozen);
            else if (event.key === "m" && feed)
                openMark();
            else if (event.key === "Escape" && view.stack > 0)
                store.go({ stack: 0 });
            else if (event.key === "Escape" && view.range)
                store.go({ range: null }, true);
            else
                return;
            event.preventDefault();
        };
        addEventListener("keydown", press);
        return () => removeEventListener("keydown", press);
    }, [tabs.length]);
}

/** The view, or why there is none yet. */
function Main(props: { report: Report | null; shown: Report; tab: Tab; range: Range | null }) {
    const { report, shown, tab, range } = props;
    if (useFeedPart(isNothingYet, false))
        return <NothingYet />;
    if (!report && tab.id !== "live")
        return <div class="boot inner" role="status"><span class="boot-mark" />The first report has not come yet…</div>;
    return <><LiveBanners /><Banners report={shown} /><Content key={tab.id} report={shown} tab={tab} range={range} /></>;
}

/** Before the first document of a live source: any member may be missing. */
const NOTHING: Report = { schema: "heaptracer.report/1" };

function Page(props: { report: Report | null }) {
    const report = props.report ?? NOTHING;
    const { view, live } = useStore();
    const [menu, setMenu] = useState(false);
    const [help, setHelp] = useState(false);
    const main = useRef<HTMLElement>(null);
    const isStale = useFeedPart((feed) => feed.link.state.phase !== "open" || feed.chosen?.info.state === "gone", false);
    const tabs = tabsOf(report, live);
    const tab = tabs.find((each) => each.id === view.tab) ?? tabs[0];
    const range = rangeOf(report, view.range);
    const [program, rest] = commandOf(report);
    const known = program || (live ? "live" : "HeapTracer");
    useKeys(tabs, () => setHelp((shown) => !shown));
    useEffect(() => {
        document.title = `${tab.title} · ${known}`;
        main.current?.scrollTo(0, 0);
    }, [tab.id, known]);
    return (
        <div class={`page ${menu ? "menu-open" : ""} ${isStale ? "stale" : ""}`}>
            <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the view</a>
            <header class="head">
                <button type="button" class="quiet icon-button menu-button" aria-label="Views" aria-expanded={menu} aria-controls="nav" onClick={() => setMenu(!menu)}><Icon name={menu ? "close" : "menu"} /></button>
                <span class="brand"><span class="mark" aria-hidden="true" />HeapTracer</span>
                <span class="program" title={report.trace?.command ?? ""}><strong>{program}</strong> <span class="muted">{rest}</span></span>
                <ThemeButton />
                <button type="button" class="quiet icon-button" aria-label="Help and keys" title="Help and keys (?)" onClick={() => setHelp(true)}><Icon name="help" /></button>
            </header>
            <Navigation tabs={tabs} current={tab.id} onDone={() => setMenu(false)} />
            <div class="body">
                {live && <LiveBar />}
                {tab.id !== "live" && <Scrubber report={report} range={range} />}
                <div class={`stage ${view.stack > 0 ? "with-detail" : ""}`}>
                    <main id="main" ref={main} tabIndex={-1}><Main report={props.report} shown={report} tab={tab} range={range} /></main>
                    {view.stack > 0 && <Detail report={report} stack={view.stack} range={range} />}
                </div>
            </div>
            {help && <Help onClose={() => setHelp(false)} />}
        </div>
    );
}

export function App() {
    const { phase, report, failure, live } = useStore();
    if (phase === "failed")
        return <main class="boot failed"><div role="alert"><Icon name="critical" /><h1>This report cannot be shown</h1><p>{failure}.</p><p class="muted">Make it anew with <code>heaptracer report FILE</code>.</p></div></main>;
    if (!report && !live)
        return <div class="boot" role="status"><span class="boot-mark" />Reading the report…</div>;
    return <Page report={report} />;
}
