// link: in an address, out a WebSocket that comes back by itself: tries ever more seldom, tells how often and when next, asks for a token where one is wanted.
export type LinkPhase = "connecting" | "open" | "retrying" | "refused";

export interface LinkState { phase: LinkPhase; tries: number; retryAt: number; why: string }

const TOKEN = "heaptracer-token";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10000;
/** So long a server may be silent before it is asked whether it waits for a token. */
const PATIENCE_MS = 1500;
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
    private socket: WebSocket | null = null;
    private timer = 0;
    private token = takeToken();

    constructor(private readonly path: string, private readonly probe: string, private readonly take: (text: string) => void, private readonly changed: (opened: boolean) => void) {
        addEventListener("online", () => this.state.phase === "retrying" && this.open());
    }

    headers(): Record<string, string> {
        return this.token ? { Authorization: `Bearer ${this.token}` } : {};
    }

    /** Tries now, whatever was waited for. */
    open(): void {
        clearTimeout(this.timer);
        this.socket?.close();
        const socket = this.socket = new WebSocket(new URL(this.path, location.href.replace(/^http/, "ws")));
        let greeted = false;
        socket.onopen = () => this.token && socket.send(JSON.stringify({ type: "token", token: this.token }));
        socket.onmessage = (event) => {
            if (!greeted && HELLO.test(event.data)) {
                greeted = true;
                this.set({ phase: "open", tries: 0, retryAt: 0, why: "" }, true);
            }
            if (typeof event.data === "string")
                this.take(event.data);
        };
        setTimeout(() => !greeted && socket === this.socket && void this.ask(socket), PATIENCE_MS);
        socket.onclose = (event) => socket === this.socket && void this.lost(event);
    }

    withToken(token: string): void {
        this.token = token;
        keepToken(token);
        this.set({ phase: "connecting", tries: 0, retryAt: 0, why: "" });
        this.open();
    }

    send(message: object): boolean {
        if (this.socket?.readyState !== WebSocket.OPEN)
            return false;
        this.socket.send(JSON.stringify(message));
        return true;
    }

    private set(state: LinkState, opened = false): void {
        this.state = state;
        this.changed(opened);
    }

    private async lost(event: CloseEvent): Promise<void> {
        const socket = this.socket;
        if (await this.ask(socket))
            return;
        const tries = this.state.tries + 1;
        const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
        this.set({ phase: "retrying", tries, retryAt: performance.now() + wait, why: event.reason });
        this.timer = setTimeout(() => this.open(), wait);
    }

    /** Whether there is no way on without another token, or another socket has taken this one's place. */
    private async ask(socket: WebSocket | null): Promise<boolean> {
        const why = await this.refusal();
        if (socket !== this.socket)
            return true;
        if (why) {
            this.socket = null;
            socket?.close();
            this.set({ phase: "refused", tries: this.state.tries, retryAt: 0, why });
        }
        return why !== "";
    }

    /** A WebSocket does not say why it was not opened; a plain request does. */
    private async refusal(): Promise<string> {
        try {
            const answer = await fetch(this.probe, { headers: this.headers(), cache: "no-store" });
            return answer.status === 401 || answer.status === 403 ? (await answer.text()).trim() || "The server wants a token" : "";
        } catch {
            return "";
        }
    }
}
