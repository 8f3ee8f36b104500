#!/usr/bin/env python3
"""imported: in a foreign file and the trace made from it, out whether our tables say what the tool that it came from says; exit code 1 when not.

usage: imported.py HEAPTRACER heaptrack|massif|jemalloc|gperftools FILE TRACE [PROGRAM]
"""
import json
import re
import subprocess
import sys


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False, errors="replace")
    if done.returncode:
        sys.exit(f"imported: {' '.join(words)} ends with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout


def summary(command, trace):
    return json.loads(run(command, "analyze", trace, "--table", "summary", "--json"))["tables"][0]["rows"][0]


def folded_sum(file, cost):
    run("heaptrack_print", "-f", file, "--disable-builtin-suppressions", "--disable-embedded-suppressions", "--flamegraph-cost-type", cost, "-F", file + ".folded")
    return sum(int(line.rsplit(" ", 1)[1]) for line in open(file + ".folded", encoding="utf-8", errors="replace"))


def heaptrack(ours, file, *_):
    printed = run("heaptrack_print", "-f", file)
    yield "calls", ours["allocations"], int(re.search(r"calls to allocation functions: (\d+)", printed)[1])
    yield "leaked", ours["leaked_bytes"], folded_sum(file, "leaked")
    yield "peak", ours["peak_bytes"], folded_sum(file, "peak")


def live_by_time(command, trace):
    """What lives after the last event of each moment."""
    live, blocks, at = 0, {}, {}
    for line in run(command, "dump", trace, "--json", "--no-definitions").splitlines():
        event = json.loads(line)
        if event["kind"] == "alloc":
            key = (event.get("heap", 0), event["address"])
            blocks[key] = event["size"]
            live += event["size"]
        elif event["kind"] == "free":
            live -= blocks.pop((event.get("heap", 0), event["address"]))
        at[event["time_ns"]] = live
    return at


def massif(ours, file, trace, command):
    printed = run("ms_print", file)
    unit = 1000000 if "time(ms)" in printed else 1
    rows = [[int(word.replace(",", "")) for word in line.split()] for line in printed.splitlines() if re.fullmatch(r"\s*\d+(\s+[\d,]+){5}", line)]
    at = sorted(live_by_time(command, trace).items())
    yield "peak", ours["peak_bytes"], max(row[2] for row in rows)
    yield "last snapshot", ours["leaked_bytes"], rows[-1][2]
    last = {row[1]: row for row in rows}
    for row in last.values():
        before = [live for time, live in at if time <= row[1] * unit]
        yield f"snapshot {row[0]}", before[-1] if before else 0, row[2]


def profile_total(tool, file, program, what):
    printed = run(tool, "--text", "--show_bytes", what, program, file)
    return int(re.search(r"Total: (\d+) B", printed)[1])


def jemalloc(ours, file, _, command, program, *freed):
    """Each entry's scaled sum is cut to whole bytes there, and rounded block by block here."""
    live = profile_total("jeprof", file, program, "--inuse_space")
    yield "in use", ours["leaked_bytes"] if abs(ours["leaked_bytes"] - live) > 64 else live, live
    if freed:
        allocated = profile_total("jeprof", file, program, "--alloc_space")
        yield "allocated", ours["allocated_bytes"] if abs(ours["allocated_bytes"] - allocated) > allocated * 0.02 else allocated, allocated


def gperftools(ours, file, _, command, program, *freed):
    yield "in use", ours["leaked_bytes"], profile_total("google-pprof", file, program, "--inuse_space")
    if freed:
        yield "allocated", ours["allocated_bytes"], profile_total("google-pprof", file, program, "--alloc_space")


def main():
    command, kind, file, trace, *rest = sys.argv[1:]
    tool = {"heaptrack": heaptrack, "massif": massif, "jemalloc": jemalloc, "gperftools": gperftools}[kind]
    rows = list(tool(summary(command, trace), file, trace, command, *rest))
    wrong = [row for row in rows if row[1] != row[2]]
    for what, here, there in wrong:
        print(f"imported: {kind}: {what} is {here} here and {there} there")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
