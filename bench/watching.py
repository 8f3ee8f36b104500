#!/usr/bin/env python3
"""watching: in a program that is recorded, out what it costs that somebody looks on: memory of the recorder and of each kind of viewer, their processor time, and the program's own time;
how many events a second the tables take; and what months of program time leave in memory.

  bench/watching.py [--build build] [--blocks 1000000] [--pairs 30000000] [--repeat 5] [--days 60]
Memory: a program with BLOCKS live blocks (bench/pause.c) under `heaptracer run`; peak resident sizes of the recorder and of what looks on. Time: `churn neighbours 1 PAIRS` bare, under run,
and under run with a viewer, in turn; medians of REPEAT ratios to run alone. Events: CPU time of `analyze --table all` on churn's trace. Months: tests/unit/serve/test_days.c with DAYS. The part of docs/benchmarks.md is written."""
import argparse
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time

import pause
import section

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VIEWERS = {"monitor": ["monitor", "--interval", "100ms"], "serve, with a page": ["serve", "--port", "0"]}


def peak_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1)) / 1024


def view_begin(command, words, word):
    viewer = subprocess.Popen([command, *words, word], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    reader = None
    if words[0] == "serve":
        url = next(found.group(0) for line in viewer.stdout if (found := re.search(r"http://[^ \n]*", line)))
        reader = subprocess.Popen(["curl", "-sN", url.rstrip("/") + "/api/stream?source=1"], stdout=subprocess.DEVNULL)
    else:
        reader = subprocess.Popen(["cat"], stdin=viewer.stdout, stdout=subprocess.DEVNULL)
    return viewer, reader


def view_end(viewer, reader):
    viewer.send_signal(signal.SIGINT)
    viewer.wait()
    reader.kill()
    reader.wait()


def memory(command, blocks, folder):
    recorder = pause.begin([command, "run", "-q", "-f", "-o", os.path.join(folder, "hold.htrc"), "--", pause.build(folder), str(blocks)])
    pid = subprocess.run(["pgrep", "-P", str(recorder.pid)], capture_output=True, text=True, check=True).stdout.split()[0]
    found = {}
    for name, words in VIEWERS.items():
        viewer = view_begin(command, words, pid)
        time.sleep(8)
        found[name] = peak_mib(viewer[0].pid)
        view_end(*viewer)
    found["recorder"] = peak_mib(recorder.pid)
    pause.end(recorder)
    return found


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def run_time(line, begin=None):
    """The program's time, and which part of one processor the viewer took."""
    start = time.monotonic()
    program = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    viewer = begin() if begin else None
    program.wait()
    took = time.monotonic() - start
    part = cpu_seconds(viewer[0].pid) / took if viewer else 0
    if viewer:
        view_end(*viewer)
    return took, part


def times(command, pairs, repeat, folder):
    churn = os.path.join(folder, "churn")
    trace = os.path.join(folder, "churn.htrc")
    subprocess.run(["cc", "-O2", "-g", "-pthread", os.path.join(SOURCE, "bench/churn.c"), "-o", churn], check=True)
    work = [churn, "neighbours", "1", str(pairs)]
    recorded = [command, "run", "-q", "-f", "-o", trace, "--", *work]

    def begin(words):
        while not os.path.exists(trace) or not os.path.getsize(trace):
            time.sleep(0.01)
        return view_begin(command, words, trace)

    ratios, parts = {name: [] for name in ["bare", *VIEWERS]}, {name: [] for name in VIEWERS}
    for _ in range(repeat):
        alone, _ = run_time(recorded)
        ratios["bare"].append(run_time(work)[0] / alone)
        for name, words in VIEWERS.items():
            os.path.exists(trace) and os.remove(trace)
            took, part = run_time(recorded, lambda words=words: begin(words))
            ratios[name].append(took / alone)
            parts[name].append(part)
    return {name: statistics.median(of) for name, of in ratios.items()}, {name: statistics.median(of) for name, of in parts.items()}, trace


def months(build, days):
    """KiB that malloc holds after so many days."""
    told = subprocess.run([os.path.join(build, "tests/test_days")], capture_output=True, text=True, check=True, env={**os.environ, "DAYS": str(days)}).stdout
    return {int(words[1]): int(words[3]) for words in (line.split() for line in told.splitlines()) if words[:1] == ["day"]}


def speed(command, trace, repeat):
    events = int(subprocess.run([command, "analyze", trace, "--table", "summary", "--columns", "events", "--csv"], capture_output=True, text=True, check=True).stdout.split()[1])
    found = []
    for _ in range(repeat):
        before = os.times()
        subprocess.run([command, "analyze", trace, "--table", "all", "--read-all", "--json", "-o", os.devnull], check=True)
        after = os.times()
        found.append(events / (after.children_user + after.children_system - before.children_user - before.children_system))
    return events, statistics.median(found)


def part(store):
    of = section.load(store, "watching")
    lines = [f"\n## Looking on\n\nA program with {of['blocks']:,} live blocks; and one that only allocates and frees, in turn bare, recorded, and recorded with somebody who looks on "
             f"(bench/watching.py), medians of {of['repeat']}, at a load of {of['load']:.0f} on {os.cpu_count()} processors.\n\n"
             "| | peak memory, MiB | time of the program, ratio to run alone | of one processor, meanwhile |\n|---|---|---|---|\n",
             f"| recorder (run) | {of['memory']['recorder']:.0f} | 1 (bare {of['times']['bare']:.2f}) | |\n"]
    for name in VIEWERS:
        lines.append(f"| {name} | {of['memory'][name]:.0f} | {of['times'][name]:.2f} | {of['parts'][name] * 100:.1f} % |\n")
    days = {int(day): held for day, held in of["months"].items()}
    last = max(days)
    lines.append("\nA program that runs steadily, live, with all tables, the slices and a page's history: " +
                 ", ".join(f"{days[day]:,} KiB after {day} day{'s' if day > 1 else ''}" for day in sorted({1, 3, 30, last}) if day in days) + " of its time.\n")
    lines.append(f"\nAll tables at once take {of['speed'] / 1e6:.1f} M events a second of one processor's time, decoding in it ({of['events']:,} events).\n")
    return section.marked("watching", "".join(lines))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--blocks", type=int, default=1000000)
    parser.add_argument("--pairs", type=int, default=30000000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--days", type=int, default=60)
    options = parser.parse_args()
    command = os.path.abspath(os.path.join(options.build, "heaptracer"))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        ratios, parts, trace = times(command, options.pairs, options.repeat, folder)
        events, rate = speed(command, trace, options.repeat)
        found = {"blocks": options.blocks, "repeat": options.repeat, "load": load, "memory": memory(command, options.blocks, folder), "times": ratios, "parts": parts,
                 "months": months(options.build, options.days), "events": events, "speed": rate}
    store = os.path.join(options.build, "bench")
    section.keep(store, "watching", found)
    print(part(store))
    section.write("watching", part(store))


if __name__ == "__main__":
    main()
