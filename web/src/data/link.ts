// link: in an address, out a connection that comes back by itself: tries ever more seldom, tells how often and when next, asks for a token where one is wanted.
import { socketWay, streamWay, type Way } from "./ways";

export type LinkPhase = "connecting" | "open" | "retrying" | "refused";

interface Probe { isThere: boolean; refusal: string }
export interface LinkState { phase: LinkPhase; tries: number; retryAt: number; why: string }

const TOKEN = "heaptracer-token";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10000;
/** So long a server may be silent before it is asked whether it is there at all, and whether it waits for a token. */
const PATIENCE_MS = 1500;
/** A way that led to the server once is left after so many times that it did not. */
const MOST_MISSES = 3;
const HELLO = /^\{"type": ?"hello"/;

/** From the address of the page, where it then no longer stands, or from what was kept. */
export function takeToken(): string {
    const ask = new URLSearchParams(location.search);
    const given = ask.get("token");
    if (given !== null) {
        keepToken(given);
        ask.delete("token");
        const rest = ask.toString();
        history.replaceState(null, "", location.pathname + (rest ? `?${rest}` : "") + location.hash);
    }
    try {
        return given ?? sessionStorage.getItem(TOKEN) ?? "";
    } catch {
        return given ?? "";
    }
}

function keepToken(token: string): void {
    try {
        sessionStorage.setItem(TOKEN, token);
    } catch {
        // it then lasts as long as the page
    }
}

export class Link {
    state: LinkState = { phase: "connecting", tries: 0, retryAt: 0, why: "" };
    /** Whether it comes as a stream of events, since no WebSocket gets through. */
    isStream = false;
    private way: Way | null = null;
    private greeted = false;
    /** Times one after the other that the server was there but this way did not lead to it. */
    private misses = 0;
    private readonly worked = new Set<boolean>();
    private timer = 0;
    private token = takeToken();

    constructor(private readonly root: string, private readonly take: (text: string) => void, private readonly changed: (opened: boolean) => void) {
        addEventListener("online", () => this.state.phase === "retrying" && this.open());
    }

    headers(): Record<string, string> {
        return this.token ? { Authorization: `Bearer ${this.token}` } : {};
    }

    /** Tries now, whatever was waited for. */
    open(): void {
        clearTimeout(this.timer);
        const old = this.way;
        const text = (said: string) => this.way === way && this.heard(said);
        const end = (why: string) => this.way === way && void this.lost(way, why);
        const way: Way = this.way = this.isStream ? streamWay(`${this.root}/stream?say=1`, `${this.root}/say`, this.headers(), { text, end }) : socketWay(`${this.root}/stream`, this.token, { text, end });
        this.greeted = false;
        old?.close();
        setTimeout(() => this.way === way && !this.greeted && void this.doubt(way), PATIENCE_MS);
    }

    withToken(token: string): void {
        this.token = token;
        keepToken(token);
        this.set({ phase: "connecting", tries: 0, retryAt: 0, why: "" });
        this.open();
    }

    send(message: object): boolean {
        return this.way?.send(JSON.stringify(message)) ?? false;
    }

    private set(state: LinkState, opened = false): void {
        this.state = state;
        this.changed(opened);
    }

    private heard(text: string): void {
        if (!this.greeted && HELLO.test(text)) {
            this.greeted = true;
            this.misses = 0;
            this.worked.add(this.isStream);
            this.set({ phase: "open", tries: 0, retryAt: 0, why: "" }, true);
        }
        this.take(text);
    }

    /** So long nothing was heard; while the server cannot be reached at all, the way will say so itself. */
    private async doubt(way: Way): Promise<void> {
        const told = await this.probe();
        if (way === this.way && !this.greeted && (told.isThere || told.refusal))
            this.leave(told, "");
    }

    private async lost(way: Way, why: string): Promise<void> {
        const told = await this.probe();
        if (way === this.way)
            this.leave(told, why);
    }

    /** Of a server that is there the other way is tried, at first without waiting. */
    private leave({ isThere, refusal }: Probe, why: string): void {
        this.way?.close();
        this.way = null;
        const { tries } = this.state;
        if (refusal) {
            this.set({ phase: "refused", tries, retryAt: 0, why: refusal });
            return;
        }
        this.misses += isThere ? 1 : 0;
        const turns = isThere && (!this.worked.has(this.isStream) || this.misses >= MOST_MISSES), isFirst = turns && tries === 0;
        this.isStream = turns !== this.isStream;
        const wait = isFirst ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
        this.set({ phase: isFirst ? "connecting" : "retrying", tries: tries + 1, retryAt: performance.now() + wait, why });
        this.timer = setTimeout(() => this.open(), wait);
    }

    /** A WebSocket does not say why it was not opened; a plain request does. */
    private async probe(): Promise<Probe> {
        try {
            const answer = await fetch(`${this.root}/sources`, { headers: this.headers(), cache: "no-store" });
            const isRefused = answer.status === 401 || answer.status === 403;
            return { isThere: answer.ok, refusal: isRefused ? (await answer.text()).trim() || "The server wants a token" : "" };
        } catch {
            return { isThere: false, refusal: "" };
        }
    }
}
