// theme: which colours are used: those of the style sheet, by role, for what is drawn on a canvas.
export type Choice = "auto" | "light" | "dark";

export interface Theme {
    dark: boolean;
    text: string; muted: string; surface: string; border: string; accent: string; hover: string;
    leaked: string; peak: string; allocated: string; temporary: string; growth: string; freed: string;
}

const KEY = "heaptracer-theme";
const wantsDark = matchMedia("(prefers-color-scheme: dark)");
let current: Theme | null = null;
const listeners = new Set<() => void>();

/** Storage may be forbidden where the report is opened. */
function stored(): Choice {
    try {
        const choice = localStorage.getItem(KEY);
        return choice === "light" || choice === "dark" ? choice : "auto";
    } catch {
        return "auto";
    }
}

let choice: Choice = stored();

function apply(): void {
    current = null;
    document.documentElement.dataset.theme = choice === "auto" ? (wantsDark.matches ? "dark" : "light") : choice;
    for (const listener of listeners)
        listener();
}

wantsDark.addEventListener("change", apply);
apply();

export function themeChoice(): Choice {
    return choice;
}

export function chooseTheme(wanted: Choice): void {
    choice = wanted;
    try {
        localStorage.setItem(KEY, wanted);
    } catch {
        // the choice then lasts as long as the page
    }
    apply();
}

export function onTheme(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

export function theme(): Theme {
    if (!current) {
        const style = getComputedStyle(document.documentElement);
        const role = (name: string) => style.getPropertyValue(`--${name}`).trim();
        current = {
            dark: document.documentElement.dataset.theme === "dark",
            text: role("text"), muted: role("muted"), surface: role("surface"), border: role("border"), accent: role("accent"), hover: role("hover"),
            leaked: role("leaked"), peak: role("peak"), allocated: role("allocated"), temporary: role("temporary"), growth: role("growth"), freed: role("freed"),
        };
    }
    return current;
}

const HUES = [26, 214, 150, 268, 340, 48, 190, 96, 310, 4];

/** A calm fill that its own text can be read on; neighbours of one group differ a little. */
export function groupFill(group: number, shade: number): string {
    const hue = HUES[group % HUES.length] + (shade % 3 - 1) * 6;
    return theme().dark ? `hsl(${hue} 38% ${27 + (shade % 5) * 2}%)` : `hsl(${hue} ${hue > 90 && hue < 200 ? 38 : 62}% ${76 + (shade % 5) * 2}%)`;
}

export function groupText(): string {
    return theme().dark ? "#f1f3f6" : "#1c1a17";
}

/** Red grew, blue shrank, grey stayed; -1 to 1. */
export function changeFill(change: number): string {
    const strength = Math.sqrt(Math.min(1, Math.abs(change)));
    const hue = change > 0 ? 8 : 214;
    if (theme().dark)
        return `hsl(${hue} ${Math.round(strength * 60)}% ${Math.round(28 + strength * 6)}%)`;
    return `hsl(${hue} ${Math.round(strength * 85)}% ${Math.round(88 - strength * 14)}%)`;
}

const VIRIDIS = [[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37]];

export function viridis(share: number): string {
    const place = Math.max(0, Math.min(1, share)) * (VIRIDIS.length - 1);
    const low = Math.min(VIRIDIS.length - 2, Math.floor(place));
    const mix = VIRIDIS[low].map((value, i) => Math.round(value + (VIRIDIS[low + 1][i] - value) * (place - low)));
    return `rgb(${mix.join(",")})`;
}
