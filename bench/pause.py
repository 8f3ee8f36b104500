#!/usr/bin/env python3
"""pause: in a heap of many blocks, out how long its program stands still while it is searched for leaks, and how fast the search is; LeakSanitizer's beside it.

  bench/pause.py [--build build] [--blocks 5000000] [--repeat 5]
The same program (bench/pause.c) runs under `heaptracer run`, which `heaptracer leaks PID` asks, and, built with -fsanitize=leak, by itself. A thread of it looks at the
clock all the time; "seen" is the longest time in which it did not run, which other programs on the machine lengthen too. Medians of REPEAT searches; the part of docs/benchmarks.md is written."""
import argparse
import os
import re
import statistics
import subprocess
import tempfile

import section

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def build(folder, *more):
    path = os.path.join(folder, "pause" + str(len(more)))
    subprocess.run(["cc", "-O2", "-g", "-pthread", *more, os.path.join(SOURCE, "bench/pause.c"), "-o", path], check=True)
    return path


def begin(line, **more):
    program = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)
    while program.stdout.readline().strip() != "ready":
        assert program.poll() is None, "the program has ended"
    ask(program)
    return program


def ask(program):
    program.stdin.write("x")
    program.stdin.flush()
    return [float(word) for word in program.stdout.readline().split()]


def end(program):
    program.stdin.close()
    program.wait()


def ours(command, program, blocks, repeat, folder):
    trace = os.path.join(folder, "pause.htrc")
    recorder = begin([command, "run", "-q", "-f", "-o", trace, "--", program, str(blocks)])
    pid = subprocess.run(["pgrep", "-P", str(recorder.pid)], capture_output=True, text=True, check=True).stdout.split()[0]
    seen = []
    for _ in range(repeat):
        ask(recorder)
        subprocess.run([command, "leaks", pid], stdout=subprocess.DEVNULL, check=True)
        seen.append(ask(recorder)[0])
    end(recorder)
    lines = subprocess.run([command, "dump", "--kind", "scan", trace], capture_output=True, text=True, check=True).stdout.splitlines()
    of = [{name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)} for line in lines]
    middle = lambda name: statistics.median(one[name] for one in of)
    assert all(one["direct_count"] == blocks // 1000 for one in of), "the lost blocks were not found"
    return {"held": middle("held_ns") / 1e6, "least": min(one["held_ns"] for one in of) / 1e6, "seen": statistics.median(seen), "search": middle("mark_ns") / 1e9,
            "speed": (middle("block_bytes") + middle("root_bytes")) / middle("mark_ns")}


def theirs(program, blocks, repeat):
    started = begin([program, str(blocks)], env={**os.environ, "LSAN_OPTIONS": "max_leaks=1"})
    both = [ask(started) for _ in range(repeat)]
    end(started)
    return {"held": None, "least": None, "seen": statistics.median(one[0] for one in both), "search": statistics.median(one[1] for one in both) / 1e3, "speed": None}


def show(value, form):
    return "" if value is None else format(value, form)


def part(folder):
    """The part of docs/benchmarks.md; empty: nothing was measured."""
    figures = section.load(folder, "pause")
    if not figures:
        return ""
    rows = "".join(f"| {name} | {show(one['held'], '.1f')} | {show(one['least'], '.1f')} | {one['seen']:.1f} | {one['search']:.2f} | {show(one['speed'], '.2f')} |\n"
                   for name, one in figures["of"].items())
    return section.marked("pause", f"## Searches for leaks in a program that runs\n\n{figures['blocks']:,} blocks of 100 to 324 bytes, of which each thousandth is lost; medians of "
                          f"{figures['repeat']} searches in one run (bench/pause.py), at a load of {figures['load']:.0f} on {os.cpu_count()} processors. "
                          "*Seen*: the longest time in which a thread that only looks at the clock did not run, for whatever reason. The search is wall time; LeakSanitizer's is its whole call, in "
                          f"which the program stands still.\n\n| tool | stood still, ms | the least | seen, ms | search, s | GB/s |\n|---|---|---|---|---|---|\n{rows}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--blocks", type=int, default=5000000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        of = {"heaptracer leaks PID": ours(os.path.join(options.build, "heaptracer"), build(folder), options.blocks, options.repeat, folder),
              "LeakSanitizer": theirs(build(folder, "-fsanitize=leak", "-DWITH_LEAKSANITIZER"), options.blocks, options.repeat)}
    store = os.path.join(options.build, "bench")
    section.keep(store, "pause", {"blocks": options.blocks, "repeat": options.repeat, "load": load, "of": of})
    print(part(store))
    section.write("pause", part(store))


if __name__ == "__main__":
    main()
