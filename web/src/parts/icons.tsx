// icons: line drawings of 16 by 16, in the colour of the text beside them.
const PATHS: Record<string, string> = {
    overview: "M2 2h5v6H2zM9 2h5v3H9zM9 7h5v7H9zM2 10h5v4H2z",
    flame: "M2 3h12M2 6.5h9M4 10h6M5 13.5h3",
    timeline: "M2 13l3.5-5 3 2.5L14 3M2 14h12",
    sites: "M2 4h12M2 8h12M2 12h12",
    treemap: "M2 2h12v12H2zM8 2v12M8 7h6M2 10h6",
    leaks: "M8 2c2.5 3.2 4 5.200 4 7.500a4 4 0 0 1-8 0C4 7.200 5.500 5.200 8 2z",
    peak: "M1.500 13L6 4l3 5 2-3 3.500 7z",
    hotspots: "M2 14V9h3v5zM6.500 14V3h3v11zM11 14V6h3v8z",
    temporary: "M4 2h8M4 14h8M5 2c0 3 2 4 3 6-1 2-3 3-3 6M11 2c0 3-2 4-3 6 1 2 3 3 3 6",
    lifetime: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5v3.500l2.500 1.500",
    realloc: "M3 6a5.500 5.500 0 0 1 10-1M13 2v3h-3M13 10a5.500 5.500 0 0 1-10 1M3 14v-3h3",
    usable: "M2 2h12v12H2zM2 9l7-7M5 14l9-9M2 14L14 2",
    sizes: "M2 14V10M5 14V5M8 14V2M11 14V7M14 14v-3",
    threads: "M3 2c0 6 4 6 4 12M8 2c0 6-1 6-1 12M13 2c0 6-4 6-4 12",
    processes: "M2 3h12v8H2zM5 14h6M8 11v3",
    heaps: "M8 1.500l6 3-6 3-6-3zM2 8l6 3 6-3M2 11.500l6 3 6-3",
    maps: "M2 2h3v3H2zM6.500 2h3v3h-3zM11 2h3v3h-3zM2 6.500h3v3H2zM11 6.500h3v3h-3zM6.500 11h3v3h-3zM2 11h3v3H2z",
    modules: "M4 2h5l3 3v9H4zM9 2v3h3",
    changes: "M5 2v9M2 8l3 3 3-3M11 14V5M8 8l3-3 3 3",
    columns: "M2 2h12v12H2zM6 2v12M10 2v12",
    marks: "M4 14V2l8 3-8 3.500",
    cost: "M2 11a6 6 0 1 1 12 0M8 11l3-4",
    search: "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2zM11 11l3.500 3.500",
    download: "M8 2v8M5 7l3 3 3-3M2.500 13.500h11",
    ok: "M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM5 8l2.200 2.200L11 6",
    warn: "M8 1.800L15 14H1zM8 6v4M8 11.800v.4",
    critical: "M5.300 1.500h5.400l3.800 3.800v5.400l-3.800 3.800H5.300L1.500 10.700V5.300zM5.800 5.800l4.400 4.400M10.200 5.800l-4.400 4.400",
    empty: "M2 5l6-3 6 3v6l-6 3-6-3zM2 5l6 3 6-3M8 8v6",
    light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
    dark: "M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7z",
    auto: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2v12M8 5h4.500M8 8h6M8 11h4.500",
    menu: "M2 4h12M2 8h12M2 12h12",
    close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
    help: "M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM6 6.200a2 2 0 1 1 2.800 1.900c-.6.300-.8.700-.8 1.400M8 11.500v.3",
    plus: "M8 3v10M3 8h10",
    up: "M8 13V3M4 7l4-4 4 4",
    down: "M8 3v10M4 9l4 4 4-4",
    right: "M6 3l5 5-5 5",
};

export function Icon(props: { name: string }) {
    return (
        <svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d={PATHS[props.name] ?? PATHS.empty} />
        </svg>
    );
}
