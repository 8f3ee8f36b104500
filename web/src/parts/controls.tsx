// controls: the small things that views are put together from: segmented choices, search fields, save buttons, panels, shares.
import { useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Severity } from "../data/report";
import { writeHash } from "../data/route";
import { store } from "../data/store";
import { Icon } from "./icons";

export function Choice<T extends string>(props: { label: string; value: T; options: { value: T; title: string; off?: boolean }[]; onChange: (value: T) => void }) {
    return (
        <div class="choice" role="group" aria-label={props.label}>
            {props.options.map((option) => (
                <button type="button" key={option.value} aria-pressed={option.value === props.value} disabled={option.off} onClick={() => props.onChange(option.value)}>
                    {option.title}
                </button>
            ))}
        </div>
    );
}

export function Toggle(props: { title: string; value: boolean; onChange: (value: boolean) => void; about?: string }) {
    return (
        <button type="button" class="button" aria-pressed={props.value} title={props.about} onClick={() => props.onChange(!props.value)}>{props.title}</button>
    );
}

export function Search(props: { label: string; value: string; onChange: (value: string) => void; told?: string }) {
    const field = useRef<HTMLInputElement>(null);
    return (
        <label class="search">
            <Icon name="search" />
            <span class="unseen">{props.label}</span>
            <input ref={field} type="search" data-search value={props.value} placeholder={props.label} spellcheck={false} autocomplete="off"
                onInput={(event) => props.onChange(event.currentTarget.value)}
                onKeyDown={(event) => {
                    if (event.key === "Escape") {
                        event.stopPropagation();
                        if (props.value)
                            props.onChange("");
                        else
                            field.current?.blur();
                    }
                }} />
            {props.told ? <span class="told" role="status">{props.told}</span> : <kbd aria-hidden="true">/</kbd>}
        </label>
    );
}

/** Which columns a table shows. */
export function ColumnPicker(props: { all: { name: string; title: string; about: string }[]; shown: Set<string>; fixed: string; onChange: (names: string[]) => void }) {
    const { all, shown } = props;
    const turn = (name: string) => props.onChange(all.map((column) => column.name).filter((each) => shown.has(each) !== (each === name)));
    return (
        <details class="picker" onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); event.currentTarget.open = false; event.currentTarget.querySelector("summary")?.focus(); } }}>
            <summary class="button"><Icon name="columns" />Columns{shown.size < all.length && <span class="muted">{shown.size} of {all.length}</span>}</summary>
            <fieldset class="picker-list">
                <legend class="unseen">Columns that are shown</legend>
                {all.map((column) => (
                    <label key={column.name} title={column.about}><input type="checkbox" checked={shown.has(column.name)} disabled={column.name === props.fixed} onChange={() => turn(column.name)} />{column.title}</label>
                ))}
                <div class="picker-all"><button type="button" class="link" onClick={() => props.onChange(all.map((column) => column.name))}>All</button><button type="button" class="link" onClick={() => props.onChange([])}>Usual ones</button></div>
            </fieldset>
        </details>
    );
}

export function SaveButtons(props: { csv?: () => void; json?: () => void; svg?: () => void }) {
    const kinds = [["CSV", props.csv], ["JSON", props.json], ["SVG", props.svg]] as const;
    return (
        <div class="saves" role="group" aria-label="Download this view">
            <Icon name="download" />
            {kinds.map(([title, action]) => action && <button type="button" class="quiet" key={title} aria-label={`Download as ${title}`} onClick={action}>{title}</button>)}
        </div>
    );
}

const SEVERITY: Record<Severity, [string, string]> = { ok: ["ok", "OK"], warn: ["warn", "Warning"], critical: ["critical", "Critical"] };

/** Symbol, word and colour together: none of them is the only sign. */
export function Badge(props: { severity: Severity; word?: string }) {
    const [icon, word] = SEVERITY[props.severity] ?? SEVERITY.ok;
    return <span class={`badge ${props.severity}`}><Icon name={icon} />{props.word ?? word}</span>;
}

export function Panel(props: { title: string; about?: string; side?: ComponentChildren; children: ComponentChildren; class?: string }) {
    return (
        <section class={`panel ${props.class ?? ""}`}>
            <div class="panel-head">
                <div><h2>{props.title}</h2>{props.about && <p>{props.about}</p>}</div>
                {props.side}
            </div>
            {props.children}
        </section>
    );
}

/** What a view is and what can be taken from it. */
export function ViewHead(props: { title: string; about?: ComponentChildren; saves?: ComponentChildren }) {
    return <div class="view-head"><div><h1>{props.title}</h1>{props.about && <p>{props.about}</p>}</div>{props.saves}</div>;
}

export function Empty(props: { title: string; children?: ComponentChildren }) {
    return <div class="empty"><Icon name="empty" /><p class="empty-title">{props.title}</p>{props.children && <p>{props.children}</p>}</div>;
}

export function Banner(props: { severity: Severity; title: string; children?: ComponentChildren }) {
    return (
        <div class={`banner ${props.severity}`} role={props.severity === "critical" ? "alert" : "note"}>
            <Icon name={SEVERITY[props.severity][0]} /><div><strong>{props.title}</strong> {props.children}</div>
        </div>
    );
}

const arrival = (tab: string) => ({ tab, sort: null, zoom: [], stack: 0, columns: [], changes: "" });

/** Another view of the same time and filter. */
export function openView(tab: string): void {
    store.go(arrival(tab), true);
}

export function ViewLink(props: { tab: string; class?: string; current?: boolean; onGo?: () => void; children: ComponentChildren }) {
    const go = (event: MouseEvent) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey)
            return;
        event.preventDefault();
        openView(props.tab);
        props.onGo?.();
    };
    return <a class={props.class ?? "link"} href={writeHash({ ...store.state.view, ...arrival(props.tab) })} aria-current={props.current ? "page" : undefined} onClick={go}>{props.children}</a>;
}
