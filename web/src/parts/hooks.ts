// hooks: what components need to follow the store, the theme and their own size.
import { useEffect, useLayoutEffect, useReducer, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { theFeed, type Feed } from "../data/feed";
import { store, type State } from "../data/store";
import type { Report } from "../data/report";
import type { Range } from "../data/range";
import { onTheme, theme, type Theme } from "../draw/theme";

function useChange(subscribe: (listener: () => void) => () => void): void {
    const [, again] = useReducer<number, void>((n) => n + 1, 0);
    useLayoutEffect(() => subscribe(() => again()), [subscribe]);
}

const follow = (listener: () => void) => store.subscribe(listener);

export function useStore(): State {
    useChange(follow);
    return store.state;
}

const followFeed = (listener: () => void) => theFeed()?.subscribe(listener) ?? (() => undefined);

/** What comes live; null in a report. */
export function useFeed(): Feed | null {
    useChange(followFeed);
    return theFeed();
}

/** One thing of what comes live, so that a beat draws only what it changes. */
export function useFeedPart<T>(select: (feed: Feed) => T, otherwise: T): T {
    const feed = theFeed();
    const now = () => feed ? select(feed) : otherwise;
    const [, setSeen] = useState<{ value: T }>(() => ({ value: now() }));
    useLayoutEffect(() => followFeed(() => setSeen((seen) => Object.is(seen.value, now()) ? seen : { value: now() })), []);
    return now();
}

/** Again each second, for what tells an age. */
export function useSecond(): void {
    const [, again] = useReducer<number, void>((n) => n + 1, 0);
    useEffect(() => {
        const timer = setInterval(() => again(), 1000);
        return () => clearInterval(timer);
    }, []);
}

export function useTheme(): Theme {
    useChange(onTheme);
    return theme();
}

/** The range that the address asks for, as far as the document has slices; null is the whole recording. */
export function rangeOf(report: Report, range: Range | null): Range | null {
    const slices = report.slices;
    if (!slices || !range || slices.count < 1)
        return null;
    const from = Math.min(range.from, slices.count - 1);
    const to = Math.min(range.to, slices.count);
    return to <= from || (from === 0 && to === slices.count) ? null : { from, to };
}

export function useWidth(ref: RefObject<HTMLElement | null>): number {
    const [width, setWidth] = useState(0);
    const [element, setElement] = useState<HTMLElement | null>(null);
    useLayoutEffect(() => setElement(ref.current));
    useLayoutEffect(() => {
        if (!element)
            return;
        setWidth(element.clientWidth);
        const watch = new ResizeObserver(() => setWidth(element.clientWidth));
        watch.observe(element);
        return () => watch.disconnect();
    }, [element]);
    return width;
}
