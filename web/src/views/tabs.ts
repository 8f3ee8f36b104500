// tabs: every view of the page, in the order and groups of its navigation.
import type { Group } from "../data/range";
import type { Report } from "../data/report";

export interface Tab {
    id: string;
    title: string;
    icon: string;
    part: string;
    /** The table that it shows, if it is mainly one. */
    table?: string;
    /** What it becomes when a range is selected. */
    group?: Group;
    rangeSort?: string;
    /** Most programs have nothing of it: only where its table has rows. */
    rare?: boolean;
}

export const TABS: Tab[] = [
    { id: "overview", title: "Overview", icon: "overview", part: "" },
    { id: "flame", title: "Flame graph", icon: "flame", part: "" },
    { id: "timeline", title: "Timeline", icon: "timeline", part: "", table: "timeline" },
    { id: "sites", title: "All sites", icon: "sites", part: "", group: "sites", rangeSort: "growth_bytes" },
    { id: "treemap", title: "Modules", icon: "treemap", part: "" },
    { id: "leaks", title: "Never freed", icon: "leaks", part: "What", table: "leaks", group: "sites", rangeSort: "leaked_bytes" },
    { id: "reach", title: "Leaks", icon: "search", part: "What", table: "reach", rare: true },
    { id: "faults", title: "Errors", icon: "critical", part: "What", table: "faults", rare: true },
    { id: "advice", title: "Advice", icon: "right", part: "What", table: "advice", rare: true },
    { id: "peak", title: "At peak", icon: "peak", part: "What", table: "peak" },
    { id: "hotspots", title: "Hotspots", icon: "hotspots", part: "What", table: "hotspots", group: "sites", rangeSort: "allocated_bytes" },
    { id: "temporary", title: "Temporary", icon: "temporary", part: "What", table: "temporary", group: "sites", rangeSort: "temporary_count" },
    { id: "lifetime", title: "Lifetimes", icon: "lifetime", part: "What", table: "lifetime" },
    { id: "realloc", title: "Reallocs", icon: "realloc", part: "What", table: "realloc" },
    { id: "sizes", title: "Sizes", icon: "sizes", part: "What", table: "sizes", group: "sizes", rangeSort: "allocated_bytes" },
    { id: "usable", title: "Waste", icon: "usable", part: "What", table: "usable" },
    { id: "threads", title: "Threads", icon: "threads", part: "Who", table: "threads", group: "threads", rangeSort: "allocated_bytes" },
    { id: "processes", title: "Processes", icon: "processes", part: "Who", table: "processes" },
    { id: "heaps", title: "Heaps", icon: "heaps", part: "Where", table: "heaps" },
    { id: "heap_map", title: "Heap map", icon: "maps", part: "Where", table: "heap_map" },
    { id: "pages", title: "Page maps", icon: "maps", part: "Where", table: "page_map" },
    { id: "module_map", title: "Loaded files", icon: "modules", part: "Where", table: "module_map" },
    { id: "regions", title: "Regions", icon: "maps", part: "Firmware", table: "regions", rare: true },
    { id: "tasks", title: "Tasks", icon: "threads", part: "Firmware", table: "tasks", rare: true },
    { id: "placement", title: "Placement", icon: "modules", part: "Firmware", table: "placement", rare: true },
    { id: "pools", title: "Pools", icon: "usable", part: "Firmware", table: "pools", rare: true },
    { id: "alerts", title: "Alerts", icon: "warn", part: "Firmware", table: "alerts", rare: true },
    { id: "marks", title: "Marks", icon: "marks", part: "Recording", table: "marks" },
    { id: "cost", title: "About the recording", icon: "cost", part: "Recording", table: "cost" },
];

/** Tables that stand below another one of their view, by the view's id. */
export const BESIDE: Record<string, string[]> = { sizes: ["common_sizes", "usable_sizes"], lifetime: ["ages"], pages: ["mmap"], regions: ["region_map", "region_timeline"] };

export function tabOf(id: string): Tab {
    return TABS.find((tab) => tab.id === id) ?? TABS[0];
}

const LIVE: Tab = { id: "live", title: "Live", icon: "peak", part: "" };
const CHANGES: Tab = { id: "changes", title: "Changes", icon: "changes", part: "" };

/** Every view of this report; `isLive`: and that of what comes. */
export function tabsOf(report: Report, isLive = false): Tab[] {
    const tables = report.tables ?? [];
    const has = (name: string | undefined) => tables.some((table) => table.name === name && table.rows.length > 0);
    const tabs = [...TABS.filter((tab) => !tab.rare || has(tab.table)), ...extraTabs(tables)];
    if (report.before?.changes)
        tabs.splice(1, 0, CHANGES);
    if (isLive)
        tabs.unshift(LIVE);
    return tabs;
}

/** The view of a table that is in no view's list: new analyses of the host show up by themselves. */
function extraTabs(tables: { name: string; title: string; rows: unknown[] }[]): Tab[] {
    const known = new Set([...TABS.map((tab) => tab.table), ...Object.values(BESIDE).flat(), "summary", "flame"]);
    return tables.filter((table) => !known.has(table.name) && table.rows.length > 0)
        .map((table) => ({ id: table.name, title: table.title, icon: "sites", part: "More", table: table.name }));
}
