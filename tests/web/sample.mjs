// sample: in a number of sites, out a report document as the host writes it, every sum of it consistent; and the page that holds it.
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const web = join(dirname(fileURLToPath(import.meta.url)), "../../web");
export const HOSTILE = ['<img src=x onerror="window.hacked=1">', "</script><script>window.hacked=1</script>", "operator<<(std::ostream&, char const*)", "\u202eevil\u202c &amp; \"quoted\", 'both'",
    "a".repeat(5000), "__proto__", "constructor", "=HYPERLINK(\"x\")", "javascript:window.hacked=1", "line\nbreak\ttab"];

function dice(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const MODULES = ["shopd", "libsqlite3.so.0.8.6", "libcrypto.so.3", "libjansson.so.4", "libz.so.1", "libc.so.6"];
const NOUNS = ["session", "request", "order", "cache", "page", "cursor", "token", "header", "index", "row", "buffer", "route", "basket", "image", "query", "record"];
const VERBS = ["open", "parse", "append", "find_or_add", "render", "copy", "encode", "flush", "resize", "load", "merge", "split"];
const SPACES = ["shop::", "shop::http::", "shop::db::", "sqlite3", "json_", "ev_", "shop::cache::"];

function makeFrames(random, functions, hostile) {
    const frames = [
        { function: "_start", file: null, line: 0, module: "shopd", inlined: false, role: "start" },
        { function: "main", file: "/usr/src/shopd/main.cc", line: 41, module: "shopd", inlined: false, role: "program" },
        { function: "operator new(unsigned long)", file: null, line: 0, module: "libstdc++.so.6", inlined: false, role: "allocator" },
        { function: "std::vector<shop::Order>::_M_realloc_insert", file: "/usr/include/c++/12/bits/vector.tcc", line: 440, module: "shopd", inlined: true, role: "library" },
    ];
    for (let i = 0; i < functions; i++) {
        const space = SPACES[Math.floor(random() * SPACES.length)];
        const name = space + VERBS[i % VERBS.length] + "_" + NOUNS[Math.floor(i / VERBS.length) % NOUNS.length] + (i >= 192 ? `_${Math.floor(i / 192)}` : "");
        const module = space.startsWith("shop") || space.startsWith("ev") ? MODULES[0] : space.startsWith("sqlite") ? MODULES[1] : space.startsWith("json") ? MODULES[3] : MODULES[Math.floor(random() * MODULES.length)];
        const readable = module === MODULES[0];
        frames.push({
            function: name, file: readable ? `/usr/src/shopd/${NOUNS[i % NOUNS.length]}.cc` : null, line: readable ? 10 + Math.floor(random() * 600) : 0, module,
            inlined: random() < 0.08, role: "program",
        });
    }
    if (hostile)
        HOSTILE.forEach((name, i) => Object.assign(frames[4 + i], { function: name, file: i % 2 ? name : null, module: i % 3 ? frames[4 + i].module : name }));
    return frames;
}

/** A tree of calls in which each site is the end of one path. */
function makeStacks(random, frames, sites, deep) {
    const parent = [-1, 0, 1], frame = [0, 0, 1];
    const inner = [2];
    const ends = [];
    while (ends.length < sites) {
        let at = inner[Math.floor(random() * random() * inner.length)];
        const steps = 1 + Math.floor(random() * deep);
        for (let i = 0; i < steps; i++) {
            parent.push(at);
            frame.push(4 + Math.floor(random() * random() * (frames.length - 4)));
            at = parent.length - 1;
            if (random() < 0.5)
                inner.push(at);
        }
        if (random() < 0.3) {
            parent.push(at);
            frame.push(2);
            at = parent.length - 1;
        }
        ends.push(at);
    }
    return { stacks: { parent, frame }, ends };
}

const CELL = ["allocated_bytes", "allocated_count", "freed_bytes", "freed_count", "leaked_bytes", "leaked_count", "temporary_bytes", "temporary_count"];
const emptyCells = () => ({ first: [0], slice: [], ...Object.fromEntries(CELL.map((name) => [name, []])) });

/** One site's life: what it does in which slices. Some leak all the time, some hold for a while, most are short-lived. */
function siteCells(random, i, slices, brief) {
    const kind = i % (brief ? 230 : 23) === 3 ? "leak" : i % (brief ? 70 : 7) === 2 ? "hold" : "short";
    const size = 2 ** (4 + Math.floor(random() * random() * 12)) + Math.floor(random() * 16);
    const from = kind === "short" ? Math.floor(random() * slices) : Math.floor(random() * slices * 0.4);
    const to = kind === "short" ? Math.min(slices, from + 1 + Math.floor(random() * 3)) : Math.min(slices, from + 2 + Math.floor(random() * slices * 0.7));
    const each = Math.max(1, Math.floor(40 * random() ** 4 * 60 / (1 + to - from)));
    const cells = new Map();
    const cell = (slice) => cells.get(slice) ?? cells.set(slice, Object.fromEntries(CELL.map((name) => [name, 0]))).get(slice);
    const add = (slice, name, blocks) => { cell(slice)[`${name}_bytes`] += blocks * size; cell(slice)[`${name}_count`] += blocks; };
    for (let slice = from; slice < to; slice++) {
        add(slice, "allocated", each);
        if (kind === "leak") {
            add(slice, "leaked", Math.ceil(each * 0.6));
            add(slice, "freed", each - Math.ceil(each * 0.6));
        } else if (kind === "hold") {
            add(Math.min(slices - 1, to), "freed", each);
        } else {
            add(slice, "freed", each);
            add(slice, "temporary", Math.floor(each * 0.7));
        }
    }
    return { size, cells: [...cells].sort(([a], [b]) => a - b) };
}

function pushCells(all, cells) {
    for (const [slice, values] of cells) {
        all.slice.push(slice);
        for (const name of CELL)
            all[name].push(values[name]);
    }
    all.first.push(all.slice.length);
}

/** Cells of groups of sites (threads, sizes), added up. */
function groupCells(sites, groupOf, groups) {
    const sums = Array.from({ length: groups }, () => new Map());
    sites.forEach((site, i) => {
        for (const [slice, values] of site.cells) {
            const cells = sums[groupOf(site, i)];
            const sum = cells.get(slice) ?? cells.set(slice, Object.fromEntries(CELL.map((name) => [name, 0]))).get(slice);
            for (const name of CELL)
                sum[name] += values[name];
        }
    });
    const all = emptyCells();
    for (const cells of sums)
        pushCells(all, [...cells].sort(([a], [b]) => a - b));
    return all;
}

const column = (name, kind, title, unit = "", about = title) => ({ name, kind, title, unit, about });
const table = (name, title, about, columns, rows, shape = "rows", note = "") => ({ name, title, about, shape, note, columns, rows });
const BYTES = ["bytes", "B"];

function bySite(sites, stack, order, columns, most = 1000) {
    const rows = sites.map((site, i) => ({ stack: stack[i], ...site.row })).filter((row) => row[order] > 0).sort((a, b) => b[order] - a[order]);
    const kept = rows.slice(0, most);
    return { kept: kept.map((row) => Object.fromEntries(columns.map((each) => [each.name, row[each.name]]))), note: rows.length > most ? `${rows.length - most} smaller rows are left out; the view All sites has them.` : "" };
}

function siteTables(sites, stack) {
    const s = column("stack", "stack", "allocated by", "", "the call stack that allocated");
    const b = (name, title) => column(name, "bytes", title, "B");
    const c = (name, title) => column(name, "count", title);
    const make = (name, title, about, order, columns) => {
        const { kept, note } = bySite(sites, stack, order, columns);
        return table(name, title, about, columns, kept, "rows", note);
    };
    return [
        make("leaks", "Never freed", "One row per call stack whose blocks were still live when their process ended, or at the end of the range. Not all of them are mistakes: many programs end without freeing.", "bytes",
            [s, b("bytes", "bytes"), c("count", "blocks"), column("share", "ratio", "share"), b("new_bytes", "new"), c("new_count", "new blocks"), column("oldest_ns", "duration", "oldest", "ns"), column("newest_ns", "duration", "newest", "ns"), b("largest_bytes", "largest"), column("process", "count", "process", "id"), column("thread", "count", "thread", "id"), c("one_thread", "one thread")]),
        make("peak", "At the peak", "Who held the memory at the global peak: the first moment when the live bytes of all heaps were highest.", "peak_bytes", [s, b("peak_bytes", "bytes"), c("peak_count", "blocks"), column("peak_share", "ratio", "share")]),
        make("hotspots", "Hotspots", "One row per call stack that allocated, most bytes first. A realloc belongs to the stack that called it.", "allocated_bytes",
            [s, b("allocated_bytes", "allocated"), c("allocations", "allocations"), column("allocated_share", "ratio", "share"), b("freed_bytes", "freed"), c("frees", "frees"), b("live_bytes", "live"), column("mean_bytes", "real", "mean", "B")]),
        make("temporary", "Temporary", "One row per call stack whose blocks lived only a moment: a buffer on the stack, or one that is kept, would save these calls.", "temporary_count", [s, c("temporary_count", "blocks"), b("temporary_bytes", "bytes"), column("temporary_share", "ratio", "share"), c("under_1ms", "under 1 ms"), c("allocations", "allocations")]),
        make("lifetime", "Lifetimes", "One row per call stack: how long its blocks live.", "ended", [s, c("ended", "ended"), c("survived", "survived"), column("ended_share", "ratio", "ended share"), column("median_ns", "duration", "median", "ns"), column("p90_ns", "duration", "90 %", "ns"), column("longest_ns", "duration", "longest", "ns")]),
        make("realloc", "Reallocs", "One row per call stack that calls realloc on a block.", "resizes", [s, c("resizes", "resizes"), c("moved", "moved"), column("moved_share", "ratio", "moved share"), b("copied_bytes", "copied"), column("growth_factor", "real", "growth", "x")]),
        make("usable", "Waste by site", "One row per call stack: bytes that the allocator gave beyond what was asked for.", "waste_bytes", [s, c("allocations", "blocks"), b("allocated_bytes", "asked"), b("waste_bytes", "waste"), column("waste_share", "ratio", "waste share")]),
    ];
}

function finishSite(random, site, i, slices, width, peakSlice) {
    const sum = Object.fromEntries(CELL.map((name) => [name, site.cells.reduce((total, [, values]) => total + values[name], 0)]));
    let held = 0, blocks = 0;
    for (const [slice, values] of site.cells)
        if (slice <= peakSlice) {
            held += values.allocated_bytes - values.freed_bytes;
            blocks += values.allocated_count - values.freed_count;
        }
    const first = site.cells[0]?.[0] ?? 0;
    const median = i % 7 === 2 ? width * (2 + random() * 20) : 1e5 * 10 ** Math.floor(random() * 3);
    Object.assign(site, { sum, peak: { bytes: held, count: blocks }, median: Math.round(median) });
    site.row = {
        ...sum, bytes: sum.leaked_bytes, count: sum.leaked_count, share: sum.leaked_count / sum.allocated_count, new_bytes: sum.leaked_bytes, new_count: sum.leaked_count,
        oldest_ns: (slices - first) * width, newest_ns: width * 2, largest_bytes: site.size, process: 1, thread: 1 + i % 4, one_thread: 1,
        peak_bytes: held, peak_count: blocks, allocations: sum.allocated_count, frees: sum.freed_count, live_bytes: sum.leaked_bytes, mean_bytes: site.size,
        temporary_share: sum.temporary_count / sum.allocated_count, under_1ms: sum.temporary_count, ended: sum.freed_count, survived: sum.leaked_count, ended_share: sum.freed_count / (sum.freed_count + sum.leaked_count || 1),
        median_ns: site.median, p90_ns: site.median * 3, longest_ns: site.median * 9, resizes: i % 11 === 5 ? sum.allocated_count >> 1 : 0, moved: sum.allocated_count >> 2, moved_share: 0.5, copied_bytes: sum.allocated_bytes >> 2,
        growth_factor: 1.5 + (i % 5) / 10, waste_bytes: sum.allocated_count * (16 - site.size % 16) % 4096, waste_share: 0.07,
    };
}

function timelineRows(slices, perSlice, totals) {
    const rows = [];
    for (let slice = 0, live = 0, blocks = 0; slice < slices.count; slice++) {
        for (let part = 0; part < perSlice; part++) {
            const grown = Math.round((slices.live_bytes[slice] - live) * (part + 1) / perSlice), more = Math.round((slices.live_count[slice] - blocks) * (part + 1) / perSlice);
            const step = slices.width_ns / perSlice, allocated = Math.round(totals[slice].allocated_bytes / perSlice), calls = Math.round(totals[slice].allocated_count / perSlice);
            const wave = 1 + 0.25 * Math.sin((slice * perSlice + part) / 3);
            rows.push({
                time_ns: slices.begin_ns + slice * slices.width_ns + part * step, live_bytes: live + grown, live_count: blocks + more, peak_bytes: Math.round((live + grown) * (1.02 + wave * 0.03)),
                allocated_bytes: Math.round(allocated * wave), allocations: Math.round(calls * wave), frees: Math.round(totals[slice].freed_count / perSlice), allocation_rate: calls * wave / step * 1e9, allocated_rate: allocated * wave / step * 1e9,
            });
        }
        live = slices.live_bytes[slice];
        blocks = slices.live_count[slice];
    }
    return rows;
}

const TIMELINE = [column("time_ns", "time", "time", "ns"), column("live_bytes", ...BYTES.slice(0, 1), "live", "B"), column("live_count", "count", "blocks"), column("peak_bytes", "bytes", "highest", "B"), column("allocated_bytes", "bytes", "allocated", "B"),
    column("allocations", "count", "allocations"), column("frees", "count", "frees"), column("allocation_rate", "real", "allocation rate", "/s"), column("allocated_rate", "real", "byte rate", "B/s")];

function heapMap(random, regions) {
    const rows = [];
    let at = 0x55d0c0000000n;
    for (let i = 0; i < regions; i++) {
        const bytes = Math.round(4096 * 2 ** (random() * 9));
        const fill = Math.round(random() ** 0.4 * 100) / 100;
        rows.push({ start: `0x${at.toString(16)}`, end: `0x${(at + BigInt(bytes)).toString(16)}`, bytes, live_bytes: Math.round(bytes * fill), live_count: Math.round(bytes * fill / 90), fill, process: 1 });
        at += BigInt(bytes) + BigInt(Math.round(random() * 1e6)) * 16n;
    }
    return table("heap_map", "Heap map", "Where the blocks lie that were never freed. Blocks less than a gap apart make one region.",
        [column("start", "address", "start"), column("end", "address", "end"), column("bytes", "bytes", "bytes", "B"), column("live_bytes", "bytes", "live", "B"), column("live_count", "count", "blocks"), column("fill", "ratio", "fill"), column("process", "count", "process", "id")], rows, "map");
}

const CELL_BYTES = 4096;

/** Ever more of the regions of a heap map, as the moments of a document have them. */
function momentsOf(rows, end, count = 6) {
    const map = { table: "heap_map", cell_bytes: CELL_BYTES, first: [0], process: [1], skip: [], cells: [], live_bytes: [] };
    for (let i = 1; i <= count; i++) {
        let last = 0;
        for (const row of rows.slice(0, Math.ceil(rows.length * i / (count + 1)))) {
            const cell = Math.max(last, Math.floor(Number(row.start) / CELL_BYTES)), cells = Math.ceil(row.bytes / CELL_BYTES);
            map.skip.push(cell - last);
            map.cells.push(cells);
            map.live_bytes.push(Math.min(cells * CELL_BYTES, row.live_bytes));
            last = cell + cells;
        }
        map.first.push(map.skip.length);
    }
    return { time_ns: Array.from({ length: count }, (_, i) => Math.round(end * (i + 1) / (count + 1))), maps: [map, { table: "page_map", cell_bytes: 64, first: Array(count + 1).fill(0), process: [], skip: [], cells: [], live_bytes: [] }] };
}

function sizeTables(sites, sizes, total) {
    const rows = sizes.map((size) => {
        const those = sites.filter((site) => site.size >= size.low && site.size <= size.high);
        const add = (name) => those.reduce((sum, site) => sum + site.sum[name], 0);
        return { from_bytes: size.low, to_bytes: size.high, allocations: add("allocated_count"), allocated_bytes: add("allocated_bytes"), share: add("allocated_count") / total.allocated_count, bytes_share: add("allocated_bytes") / total.allocated_bytes, leaked_count: add("leaked_count"), leaked_bytes: add("leaked_bytes") };
    });
    const common = [...sites].sort((a, b) => b.sum.allocated_count - a.sum.allocated_count).slice(0, 12).map((site) => ({ size_bytes: site.size, allocations: site.sum.allocated_count, allocated_bytes: site.sum.allocated_bytes, share: site.sum.allocated_count / total.allocated_count }));
    return [
        table("sizes", "Sizes", "Histogram of the sizes asked for, in classes of powers of two.", [column("from_bytes", "bytes", "from", "B"), column("to_bytes", "bytes", "to", "B"), column("allocations", "count", "allocations"), column("allocated_bytes", "bytes", "allocated", "B"), column("share", "ratio", "share"), column("bytes_share", "ratio", "bytes share"), column("leaked_count", "count", "never freed"), column("leaked_bytes", "bytes", "never freed, bytes", "B")], rows),
        table("common_sizes", "Most common sizes", "The exact sizes that were asked for most often.", [column("size_bytes", "bytes", "size", "B"), column("allocations", "count", "allocations"), column("allocated_bytes", "bytes", "allocated", "B"), column("share", "ratio", "share")], common),
    ];
}

function health(total, leaks, peak) {
    const share = total.leaked_bytes / total.allocated_bytes;
    return {
        score: 62, verdict: "warn",
        summary: [`Live memory grows until the end: ${(total.leaked_bytes / 1048576).toFixed(1)} MiB were never freed.`, "One call path makes a quarter of it, at a steady rate.", "Two of three allocations are freed at once."],
        findings: [
            { id: "growth", severity: "critical", title: "Sessions are opened and never freed", evidence: `${leaks[0]?.count ?? 0} blocks from one stack since the start, none of them freed; the rate has not changed since 20 % of the run.`, value: leaks[0]?.bytes ?? 0, unit: "bytes", stack: leaks[0]?.stack, table: "leaks", recommendation: "Free what the session holds when its connection closes, or give the cache a limit." },
            { id: "temporary", severity: "warn", title: "Many blocks live only a moment", evidence: `${Math.round(total.temporary_count / total.allocated_count * 100)} % of the allocations are freed by the same thread before its next one.`, value: total.temporary_count, unit: "count", table: "temporary", recommendation: "Keep the buffer between calls, or take it from the stack." },
            { id: "waste", severity: "ok", title: "Little is lost to rounding", evidence: "7.1 % of the usable bytes were not asked for.", value: 0.071, unit: "ratio", table: "usable" },
        ],
        metrics: [
            { name: "leaked_share", title: "never freed / allocated", value: share, unit: "ratio", about: "leaked_bytes / allocated_bytes of the summary" }, { name: "peak", title: "peak", value: peak, unit: "bytes", about: "peak_bytes of the summary" },
            { name: "temporary", title: "temporary share", value: total.temporary_count / total.allocated_count, unit: "ratio", about: "" }, { name: "mean", title: "mean block", value: total.allocated_bytes / total.allocated_count, unit: "bytes", about: "" },
            { name: "lost", title: "lost events", value: 0, unit: "count", about: "" }, { name: "foreign", title: "freed elsewhere", value: 0.031, unit: "ratio", about: "" },
        ],
    };
}

const THREADS = [["shopd", 4711], ["http-0", 4713], ["http-1", 4714], ["db-writer", 4715]];

function otherTables(sites, total, slices, peak, peakSlice) {
    const moment = slices.begin_ns + peakSlice * slices.width_ns;
    const of = (t, name) => sites.reduce((sum, site, i) => sum + (i % 4 === t ? site.sum[name] : 0), 0);
    const end = slices.count * slices.width_ns;
    const summary = {
        events: total.allocated_count + total.freed_count, duration_ns: end, processes: 1, threads: 4, sites: sites.length, allocations: total.allocated_count, allocated_bytes: total.allocated_bytes, frees: total.freed_count, freed_bytes: total.freed_bytes,
        peak_bytes: peak, peak_count: 1234, peak_time_ns: moment, live_bytes: 0, leaked_bytes: total.leaked_bytes, leaked_count: total.leaked_count,
    };
    const kinds = (row) => Object.keys(row).map((name) => column(name, /bytes/.test(name) ? "bytes" : name === "duration_ns" || name === "recorder_cpu_ns" ? "duration" : /_ns$/.test(name) ? "time" : typeof row[name] === "string" ? "text" : /share/.test(name) ? "ratio" : "count", name.replace(/_(bytes|ns)$/, "").replace(/_/g, " "), "", `what ${name} says`));
    const cost = { events: summary.events, lost_events: 0, gaps: 0, truncated_stacks: 3, recorder_cpu_ns: 412e6, recorder_share: 0.081, stored_bytes: 918273, clock: "tsc" };
    const threads = THREADS.map(([name, tid], t) => ({ thread: t + 1, process: 1, tid, name, allocations: of(t, "allocated_count"), allocated_bytes: of(t, "allocated_bytes"), live_bytes: of(t, "leaked_bytes"), live_count: of(t, "leaked_count"), frees: of(t, "freed_count"), freed_bytes: of(t, "freed_bytes"), foreign_frees: 12, foreign_share: 0.031 }));
    const ids = (columns) => columns.map((each) => ["thread", "process", "tid", "pid", "heap", "parent"].includes(each.name) ? { ...each, unit: "id" } : each);
    const process = { process: 1, parent: 0, pid: 4711, how: "first", command: "/usr/sbin/shopd --port 8080", end: "exit 0", allocations: total.allocated_count, allocated_bytes: total.allocated_bytes, frees: total.freed_count, peak_bytes: peak, leaked_bytes: total.leaked_bytes };
    const heap = { heap: 0, process: 1, name: "malloc", base: "0x0", allocations: total.allocated_count, allocated_bytes: total.allocated_bytes, frees: total.freed_count, peak_bytes: peak };
    const marks = [{ time_ns: Math.round(end * 0.12), label: "warm", process: 1, thread: 1 }, { time_ns: Math.round(end * 0.62), label: "reload", process: 1, thread: 1 }];
    const modules = MODULES.map((path, i) => ({ start: `0x7f00${i}0000000`, end: `0x7f00${i}0200000`, path: `/usr/lib/${path}`, build_id: "1f3c" + i, process: 1 }));
    return [
        table("summary", "Summary", "The whole range in one row.", kinds(summary), [summary]), table("threads", "Threads", "One row per thread: what it allocates and frees, and how much it frees of what others made.", ids(kinds(threads[0])), threads),
        table("processes", "Processes", "One row per process image.", ids(kinds(process)), [process]), table("heaps", "Heaps", "One row per heap of a process.", ids(kinds(heap)).map((each) => each.name === "base" ? { ...each, kind: "address" } : each), [heap]),
        table("marks", "Marks", "Moments that the program marked (ht_mark), in order.", [column("time_ns", "time", "time", "ns"), column("label", "text", "label"), column("process", "count", "process", "id"), column("thread", "count", "thread", "id")], marks, "series"),
        table("module_map", "Module map", "The files that the code on the stacks came from, by address.", [column("start", "address", "start"), column("end", "address", "end"), column("path", "text", "path"), column("build_id", "text", "build id"), column("process", "count", "process", "id")], modules, "map"),
        table("page_map", "Page maps", "The page maps that are live at the end of the range. Empty unless page maps were recorded.", [column("start", "address", "start"), column("end", "address", "end"), column("bytes", "bytes", "bytes", "B"), column("process", "count", "process", "id")], [], "map"),
        table("cost", "Cost", "What the recording itself cost, what it missed and how exact its clock is.", kinds(cost), [cost]),
    ];
}

function sourceLines(frames) {
    const lines = {};
    for (const frame of frames.filter((each) => each.file?.startsWith("/usr/src")).slice(0, 200))
        for (let n = Math.max(1, frame.line - 3); n <= frame.line + 3; n++)
            (lines[frame.file] ??= {})[n] = n === frame.line ? "    auto *made = new Entry(key, std::move(value));  // <b>here</b>" : `    step_${n}(request, &state);`;
    return lines;
}

export function makeReport({ sites: wanted = 400, seed = 7, slices: count = 96, hostile = false, sampled = false, functions = Math.max(60, Math.min(9000, wanted >> 2)), deep = 7, regions = 60 } = {}) {
    const random = dice(seed);
    const frames = makeFrames(random, functions, hostile);
    const { stacks, ends } = makeStacks(random, frames, wanted, deep);
    const width = 250_000_000;
    const sites = ends.map((_, i) => siteCells(random, i, count, wanted > 20000));
    const totals = Array.from({ length: count }, () => Object.fromEntries(CELL.map((name) => [name, 0])));
    for (const site of sites)
        for (const [slice, values] of site.cells)
            for (const name of CELL)
                totals[slice][name] += values[name];
    const slices = { begin_ns: 0, width_ns: width, count, live_bytes: [], live_count: [] };
    for (const name of ["allocated_bytes", "allocated_count", "freed_bytes", "freed_count"])
        slices[name] = totals.map((values) => values[name]);
    for (let i = 0, live = 0, blocks = 0; i < count; i++) {
        slices.live_bytes.push(live += totals[i].allocated_bytes - totals[i].freed_bytes);
        slices.live_count.push(blocks += totals[i].allocated_count - totals[i].freed_count);
    }
    const peak = Math.max(...slices.live_bytes), peakSlice = slices.live_bytes.indexOf(peak);
    sites.forEach((site, i) => finishSite(random, site, i, count, width, peakSlice));
    const total = Object.fromEntries(CELL.map((name) => [name, totals.reduce((sum, values) => sum + values[name], 0)]));
    for (const site of sites) {
        site.row.peak_share = site.peak.bytes / peak;
        site.row.allocated_share = site.sum.allocated_bytes / total.allocated_bytes;
    }
    const cells = emptyCells();
    for (const site of sites)
        pushCells(cells, site.cells);
    const sizes = Array.from({ length: 14 }, (_, i) => ({ low: 16 * 2 ** i, high: 32 * 2 ** i - 1 }));
    Object.assign(slices, { sites: cells, threads: groupCells(sites, (_, i) => i % 4, 4), sizes: groupCells(sites, (site) => sizes.findIndex((size) => site.size <= size.high), sizes.length) });
    const bySites = siteTables(sites, ends);
    const timeline = table("timeline", "Timeline", "Live and allocated bytes over time, in rows of equal length.", TIMELINE, timelineRows(slices, 8, totals), "series");
    const columns = Object.fromEntries(CELL.map((name) => [name, sites.map((site) => site.sum[name])]));
    const heap = heapMap(random, regions);
    return {
        schema: "heaptracer.report/1",
        trace: { path: "shopd.4711.htrc", command: "/usr/sbin/shopd --port 8080 --workers 2", machine: "x86_64", system: "Linux 6.1", directory: "/srv/shop", recorder: "heaptracer 0.1.0", tick_ns: 100000, sample_bytes: sampled ? 524288 : 0, start_unix_ns: 1.795e18 },
        notes: [], complete: true, problem: null, frames, stacks,
        tables: [...bySites, ...sizeTables(sites, sizes, total), timeline, heap, ...otherTables(sites, total, slices, peak, peakSlice)],
        sites: { stack: ends, ...columns, peak_bytes: sites.map((site) => site.peak.bytes), peak_count: sites.map((site) => site.peak.count), lifetime_median_ns: sites.map((site) => site.median) },
        moments: momentsOf(heap.rows, count * width), slices, threads: THREADS.map(([name, tid], i) => ({ id: i + 1, tid, name, process: 1 })), sizes, health: health(total, bySites[0].rows, peak), lines: sourceLines(frames),
    };
}

const amount = (name, kind, title, unit) => [column(`${name}_change`, `signed_${kind}`, `${title}, change`, unit), column(`${name}_before`, kind, `${title}, before`, unit), column(`${name}_after`, kind, `${title}, after`, unit)];
const changed = (name, before, after) => ({ [`${name}_change`]: after - before, [`${name}_before`]: before, [`${name}_after`]: after });

/** The report beside an earlier recording, in which every second site was, and never freed half or twice as much. */
export function withBefore(report) {
    const { sites } = report;
    const places = sites.stack.map((_, i) => i).filter((i) => i % 2);
    const earlier = (name, i) => name === "stack" ? sites[name][i] : i % 4 === 1 ? sites[name][i] >> 1 : sites[name][i] * 2;
    const before = Object.fromEntries(Object.keys(sites).map((name) => [name, places.map((i) => earlier(name, i))]));
    const verdict = column("verdict", "text", "Verdict");
    const rows = places.map((i, at) => ({ stack: sites.stack[i], ...changed("bytes", before.leaked_bytes[at], sites.leaked_bytes[i]), ...changed("count", before.leaked_count[at], sites.leaked_count[i]) }))
        .filter((row) => row.bytes_change !== 0).map((row) => ({ verdict: row.bytes_change > 0 ? "grew" : "shrank", ...row })).sort((a, b) => b.bytes_change - a.bytes_change);
    const changes = [
        table("summary", "Summary", "", [verdict, ...amount("peak_bytes", "bytes", "Peak", "B")], [{ verdict: "grew", ...changed("peak_bytes", 1 << 20, 3 << 19) }]),
        table("leaks", "Never freed", "", [verdict, column("stack", "stack", "Site"), ...amount("bytes", "bytes", "Never freed", "B"), ...amount("count", "count", "Blocks", "")], rows, "rows", "3 rows are the same"),
        table("threads", "Threads", "", [verdict, column("name", "text", "Name"), ...amount("allocations", "count", "Allocations", "")], [{ verdict: "shrank", name: "worker", ...changed("allocations", 9, 4) }]),
    ];
    return { ...report, before: { trace: { ...report.trace, path: "earlier.htrc" }, sites: before, changes, note: "one run of each was compared" } };
}

/** A recording in which nothing happened. */
export function makeEmpty() {
    const trace = { path: "true.1.htrc", command: "/bin/true", machine: "x86_64" };
    const summary = table("summary", "Summary", "", [column("events", "count", "events")], [{ events: 0 }]);
    return { schema: "heaptracer.report/1", trace, notes: [], complete: true, problem: null, frames: [], stacks: { parent: [-1], frame: [0] }, tables: [summary], health: null };
}

export function makePage(report) {
    const html = readFileSync(join(web, "dist/index.html"), "utf8");
    const data = typeof report === "string" ? report : gzipSync(JSON.stringify(report)).toString("base64");
    return html.split("@HEAPTRACER_DATA@").join(data);
}
