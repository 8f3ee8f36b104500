// notify: in alerts that begin to fire, out notices of the browser: only after the user asked for them here.
import { theFeed, type Alert, type Source } from "../data/feed";

const KEY = "heaptracer-notify";

export type Notices = "off" | "on" | "denied" | "missing";

function isWanted(): boolean {
    try {
        return localStorage.getItem(KEY) === "on";
    } catch {
        return false;
    }
}

let wanted = isWanted();

export function noticesState(): Notices {
    if (typeof Notification === "undefined" || !isSecureContext)
        return "missing";
    return Notification.permission === "denied" ? "denied" : wanted && Notification.permission === "granted" ? "on" : "off";
}

/** Asks the user when that was not done yet. */
export async function wantNotices(on: boolean): Promise<Notices> {
    if (on && Notification.permission === "default")
        await Notification.requestPermission();
    wanted = on && Notification.permission === "granted";
    try {
        localStorage.setItem(KEY, wanted ? "on" : "off");
    } catch {
        // it then lasts as long as the page
    }
    return noticesState();
}

export function notifyOf(source: Source, alert: Pick<Alert, "rule" | "text">): void {
    if (noticesState() !== "on")
        return;
    const notice = new Notification(`${alert.rule} · ${source.info.name}`, { body: alert.text, tag: `${source.info.id} ${alert.rule}` });
    notice.onclick = () => {
        window.focus();
        notice.close();
        theFeed()?.show(source);
    };
}
