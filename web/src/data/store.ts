// store: the one state of the page: the document, as it was loaded or patched, and what the address says is looked at.
import type { Report } from "./report";
import { parseHash, writeHash, type View } from "./route";

export type Phase = "loading" | "ready" | "failed";

export interface State { phase: Phase; report: Report | null; failure: string; view: View }

type Listener = () => void;

export class Store {
    state: State = { phase: "loading", report: null, failure: "", view: parseHash(location.hash) };
    private readonly listeners = new Set<Listener>();

    constructor() {
        addEventListener("hashchange", () => this.set({ view: parseHash(location.hash) }));
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

    fail(failure: string): void {
        this.set({ phase: "failed", failure });
    }

    /** Changes what is looked at; a step makes a place that the back button returns to. */
    go(change: Partial<View>, step = false): void {
        const view = { ...this.state.view, ...change };
        const hash = writeHash(view);
        if (hash !== location.hash) {
            if (step)
                history.pushState(null, "", hash);
            else
                history.replaceState(null, "", hash);
        }
        this.set({ view });
    }
}

export const store = new Store();
