// feed: in what the server says, out each source with its graph, its alerts and its newest document; what the user asks for goes back.
import { Link } from "./link";
import { FIGURES, messageOf, MOST, REGION_FIGURES, regionColumn, type AlertNews, type Answer, type Beat, type History, type SourceInfo } from "./messages";
import { Recall } from "./recall";
import { checkReport, numberOf, tableOf, type Report } from "./report";
import { UNBOUND } from "./route";
import { Series } from "./series";
import { store } from "./store";

interface Mark { time_ns: number; label: string }
export interface Alert extends AlertNews { ended_ns: number }

/** A session that began anew has times from before those that are known. */
const BACK_NS = 1e9;
const MOST_ALERTS = 200;
const MOST_MARKS = 200;

export class Source {
    readonly series = new Series();
    readonly recall = new Recall();
    regions: string[] = [];
    alerts: Alert[] = [];
    marks: Mark[] = [];
    beat: Beat | null = null;
    report: Report | null = null;
    /** Why the newest document could not be shown. */
    fault = "";
    dropped = 0;
    droppedAt = -Infinity;
    heardAt = 0;

    constructor(public info: SourceInfo) {}

    get firing(): Alert[] {
        return this.alerts.filter((alert) => alert.firing);
    }

    /** What is said of it now; another session of it has another graph. */
    tell(info: SourceInfo): void {
        if (info.start_unix_ns !== this.info.start_unix_ns)
            this.beginAnew();
        this.info = info;
    }

    private beginAnew(): void {
        this.series.clear();
        Object.assign(this, { regions: [], alerts: [], marks: [], beat: null, dropped: 0 });
    }

    takeBeat(beat: Beat): void {
        if (beat.time_ns < this.series.end - BACK_NS)
            this.beginAnew();
        const values: Record<string, number> = Object.fromEntries(FIGURES.map((name) => [name, beat[name]]));
        for (const region of beat.regions)
            for (const figure of REGION_FIGURES)
                values[regionColumn(figure, region.name)] = region[figure];
        this.series.push(beat.time_ns, { ...values, [MOST]: beat.live_bytes });
        this.beat = beat;
        this.dropped += beat.dropped;
        if (beat.dropped > 0)
            this.droppedAt = performance.now();
        this.nameRegions(beat.regions.map((region) => region.name));
    }

    takeHistory(history: History): void {
        this.series.fill(history.times, history.columns);
        this.nameRegions(Object.keys(history.columns).filter((name) => name.startsWith("used.")).map((name) => name.slice("used.".length)));
    }

    private nameRegions(names: string[]): void {
        const unknown = names.filter((name) => !this.regions.includes(name));
        if (unknown.length > 0)
            this.regions = [...this.regions, ...unknown];
    }

    /** Whether it is new that this rule fires; what was said is said again to who comes back. */
    takeAlert(news: AlertNews): boolean {
        const ours = this.alerts.filter((alert) => alert.rule === news.rule);
        if (ours.some((alert) => news.firing ? alert.time_ns === news.time_ns : alert.ended_ns === news.time_ns))
            return false;
        const open = ours.find((alert) => alert.firing);
        if (open)
            Object.assign(open, news.firing ? { text: news.text, level: news.level } : { firing: false, ended_ns: news.time_ns });
        else
            this.alerts = [{ ...news, ended_ns: news.firing ? 0 : news.time_ns }, ...this.alerts].slice(0, MOST_ALERTS);
        return !open && news.firing;
    }

    takeDocument(value: unknown): boolean {
        try {
            this.report = checkReport(value);
            this.fault = "";
        } catch (error) {
            this.fault = error instanceof Error ? error.message : String(error);
            return false;
        }
        this.recall.take(this.report);
        this.marks = (tableOf(this.report, "marks")?.rows ?? []).slice(-MOST_MARKS).map((mark) => ({ time_ns: numberOf(mark.time_ns), label: String(mark.label ?? "") }));
        return true;
    }

    takeMark(label: string): void {
        this.marks = [...this.marks, { time_ns: Math.max(0, this.series.end), label }].slice(-MOST_MARKS);
    }
}

type Ask = { done: (value: unknown) => void; fail: (error: Error) => void };

export class Feed {
    sources: Source[] = [];
    /** The views stop; graphs and figures go on. */
    frozen = false;
    /** Whether something newer waits behind what is frozen. */
    behind = false;
    greeted = false;
    /** Told of an alert that begins to fire. */
    onAlert: (source: Source, alert: AlertNews) => void = () => undefined;
    readonly link = new Link("api", (text) => this.take(text), (opened) => this.linked(opened));
    private readonly asks = new Map<number, Ask>();
    private readonly listeners = new Set<() => void>();
    private nextAsk = 1;
    private told = false;
    /** Sources that were subscribed to, and whether with documents. */
    private readonly asked = new Map<number, boolean>();
    private shown: Source | null = null;

    start(): void {
        store.wait();
        if (location.hash === "")
            store.go({ tab: "live" });
        store.subscribe(() => this.follow());
        this.link.open();
    }

    subscribe(listener: () => void): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    /** Beats come faster than a screen can show them; a page in the background draws no frames. */
    private changed(): void {
        if (this.told)
            return;
        this.told = true;
        const tell = () => {
            this.told = false;
            for (const listener of this.listeners)
                listener();
        };
        if (document.hidden)
            setTimeout(tell, 250);
        else
            requestAnimationFrame(tell);
    }

    get chosen(): Source | null {
        return this.sources.find((source) => source.info.id === store.state.view.source) ?? this.sources[0] ?? null;
    }

    /** Makes a source the one that all views tell about. */
    show(source: Source): void {
        if (source !== this.chosen)
            store.go({ source: source.info.id, sort: null, ...UNBOUND }, true);
    }

    /** Seconds since the chosen source was heard. */
    get age(): number {
        return this.chosen?.heardAt ? (performance.now() - this.chosen.heardAt) / 1000 : 0;
    }

    private linked(opened: boolean): void {
        if (opened)
            this.asked.clear();
        else
            for (const [id, ask] of this.asks) {
                this.asks.delete(id);
                ask.fail(new Error("The connection was lost before the server answered"));
            }
        this.changed();
    }

    private take(text: string): void {
        const message = messageOf(text);
        switch (message?.type) {
        case "hello": this.greet(message.sources); break;
        case "document": this.takeDocument(message.source, message.document); break;
        case "beat": this.heard(message.beat.source)?.takeBeat(message.beat); break;
        case "history": this.heard(message.history.source)?.takeHistory(message.history); break;
        case "alert": this.takeAlert(message.alert); break;
        case "answer": this.answered(message.answer); break;
        default: return;
        }
        this.changed();
    }

    private heard(id: number): Source | undefined {
        const source = this.sources.find((each) => each.info.id === id);
        if (source)
            source.heardAt = performance.now();
        return source;
    }

    /** Sources keep what is known of them, by number, or by name when the server was started anew. */
    private greet(infos: SourceInfo[]): void {
        const old = this.sources;
        this.sources = infos.map((info) => old.find((each) => each.info.id === info.id && each.info.name === info.name) ?? old.find((each) => each.info.name === info.name) ?? new Source(info));
        this.sources.forEach((source, i) => source.tell(infos[i]));
        for (const id of this.asked.keys())
            if (!infos.some((info) => info.id === id))
                this.asked.delete(id);
        this.greeted = true;
        this.follow();
    }

    /** Documents of the chosen source, graphs of all. */
    private follow(): void {
        const chosen = this.chosen;
        for (const source of this.link.state.phase === "open" ? this.sources : []) {
            const { id } = source.info;
            if (this.asked.get(id) === (source === chosen))
                continue;
            this.asked.set(id, source === chosen);
            this.link.send({ type: "subscribe", source: id, ...(source !== chosen && { documents: false }) });
        }
        if (chosen === this.shown)
            return;
        this.shown = chosen;
        this.behind = false;
        store.follow(chosen?.report ?? null);
    }

    private takeDocument(id: number, value: unknown): void {
        const source = this.heard(id);
        if (!source?.takeDocument(value))
            return;
        this.behind = this.frozen && source === this.chosen && store.state.report !== null;
        if (source === this.chosen && !this.behind)
            store.follow(source.report);
    }

    freeze(frozen: boolean): void {
        this.frozen = frozen;
        if (!frozen && this.behind && this.chosen?.report)
            store.follow(this.chosen.report);
        this.behind = false;
        this.changed();
    }

    private takeAlert(news: AlertNews): void {
        const source = this.heard(news.source);
        if (source?.takeAlert(news))
            this.onAlert(source, news);
    }

    private answered({ to, ok, error, value }: Answer): void {
        const ask = this.asks.get(to);
        this.asks.delete(to);
        if (ok)
            ask?.done(value);
        else
            ask?.fail(new Error(error || "The server refused"));
    }

    /** A command; done when the server says so, with what it told. */
    ask(type: string, members: object = {}): Promise<unknown> {
        const id = this.nextAsk++;
        return new Promise((done, fail) => {
            if (!this.chosen || !this.link.send({ type, source: this.chosen.info.id, ...members, id })) {
                fail(new Error("There is no connection"));
                return;
            }
            this.asks.set(id, { done: (value) => { done(value); this.changed(); }, fail: (error) => { fail(error); this.changed(); } });
        });
    }

    async mark(label: string): Promise<void> {
        const source = this.chosen;
        await this.ask("mark", { label });
        source?.takeMark(label);
    }

    /** A file that the server makes of the chosen source. */
    async download(path: string): Promise<Blob> {
        const answer = await fetch(`api/source/${this.chosen?.info.id ?? 0}/${path}`, { headers: this.link.headers() });
        if (!answer.ok)
            throw new Error((await answer.text()).trim() || `The server answered ${answer.status}`);
        return answer.blob();
    }
}

let feed: Feed | null = null;

/** Of a page that is fed live; null in a report. */
export function theFeed(): Feed | null {
    return feed;
}

export function startFeed(): Feed {
    feed = new Feed();
    feed.start();
    return feed;
}
