// store: the one state of the page: the document, as it was loaded, patched or followed, and what the address says is looked at.
import { keepPlace, timesOf, type Times } from "./place";
import type { Report } from "./report";
import { parseHash, UNBOUND, writeHash, type View } from "./route";

export type Phase = "loading" | "ready" | "failed";

/** `live`: the document is one of many to come. */
export interface State { phase: Phase; report: Report | null; failure: string; view: View; live: boolean }

type Listener = () => void;

export class Store {
    state: State = { phase: "loading", report: null, failure: "", view: parseHash(location.hash), live: false };
    private readonly listeners = new Set<Listener>();
    private shown = 0;
    /** The moments that the range was chosen by; slices of a newer document lie elsewhere. */
    private chosen: { range: View["range"]; times: Times } | null = null;

    constructor() {
        addEventListener("hashchange", () => this.set({ view: this.parse() }));
    }

    /** An address that was made for an older document does not name stacks of this one. */
    private parse(): View {
        const view = parseHash(location.hash);
        return this.state.live && history.state && history.state !== this.stamp() ? { ...view, ...UNBOUND } : view;
    }

    private stamp(): string {
        return this.state.live ? `${performance.timeOrigin} ${this.shown}` : "";
    }

    subscribe(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    private set(change: Partial<State>): void {
        this.state = { ...this.state, ...change };
        for (const listener of this.listeners)
            listener();
    }

    load(report: Report): void {
        this.set({ phase: "ready", report });
    }

    /** Replaces members of the document, as a live feed does. */
    patch(members: Partial<Report>): void {
        if (this.state.report)
            this.set({ report: { ...this.state.report, ...members } });
    }

    /** Documents will come. */
    wait(): void {
        this.set({ phase: "ready", live: true, view: { ...this.state.view, ...UNBOUND } });
    }

    /** A newer document, or none yet; what is looked at stays what it is, under its new numbers. */
    follow(report: Report | null): void {
        const { report: old, view } = this.state;
        const times = old && this.timesOf(old, view.range);
        const kept = report && old ? keepPlace(view, old, report, times) : { ...view, ...UNBOUND };
        this.chosen = times && kept.range && { range: kept.range, times };
        this.shown++;
        this.write(kept, false);
        this.set({ report, view: kept });
    }

    private timesOf(report: Report, range: View["range"]): Times | null {
        const known = this.chosen;
        return known && range && known.range?.from === range.from && known.range.to === range.to ? known.times : timesOf(report, range);
    }

    fail(failure: string): void {
        this.set({ phase: "failed", failure });
    }

    private write(view: View, step: boolean): void {
        const hash = writeHash(view), stamp = this.stamp();
        if (hash === location.hash && (history.state ?? "") === stamp)
            return;
        if (step && hash !== location.hash)
            history.pushState(stamp, "", hash);
        else
            history.replaceState(stamp, "", hash);
    }

    /** Changes what is looked at; a step makes a place that the back button returns to. */
    go(change: Partial<View>, step = false): void {
        const view = { ...this.state.view, ...change };
        this.write(view, step);
        this.set({ view });
    }
}

export const store = new Store();
