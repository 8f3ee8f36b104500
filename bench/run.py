#!/usr/bin/env python3
"""run: in the names of tools and loads, out how much each tool slows each load, side by side; everything together is docs/benchmarks.md.

  bench/run.py                                            all, three rounds, writes docs/benchmarks.md
  bench/run.py --tools none,heaptracer,heaptrack --loads sqlite3,cc1 --rounds 1
Each run of a tool stands beside a bare run of the same load; figures are medians over the rounds of ratios or differences within such a pair. Results of
earlier calls are kept in BUILD/bench/results.json (--fresh forgets them), so a part can be measured again alone; --write renders them all.
"""
import argparse
import contextlib
import fcntl
import json
import os
import shutil
import sys

import loads
import measure
import report
import tools



def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tools", default=",".join(tools.TOOLS), help="comma-separated: " + ",".join(tools.TOOLS))
    parser.add_argument("--loads", default=",".join(loads.LOADS), help="comma-separated: " + ",".join(loads.LOADS) + "; real: the programs, made: the rest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", default="build", help="build folder with the command heaptracer in it")
    parser.add_argument("--lock", help="a file that is locked around each pair of runs, where others measure on the same machine")
    parser.add_argument("--keep", action="store_true", help="keep the output of the last run of each tool in BUILD/bench/out")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md although only a part was measured")
    options = parser.parse_args()
    options.part = any(argument.startswith(("--tools", "--loads")) for argument in sys.argv[1:])
    options.loads = [name for word in options.loads.split(",") for name in {"real": list(loads.REAL), "made": list(loads.MADE)}.get(word, [word])]
    options.tools = [name for name in options.tools.split(",") if name != "none"]
    for name, known in [(name, loads.LOADS) for name in options.loads] + [(name, tools.TOOLS) for name in options.tools]:
        if name not in known:
            parser.error(f"unknown name {name}; known are {', '.join(known)}")
    return options


@contextlib.contextmanager
def locked(path):
    if not path:
        yield
        return
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(folder) for name in names if name != "log")


def run_tool(tool, load, options):
    """One run; a dictionary of plain figures."""
    build = options.build
    command, environment, process = loads.prepare(load, os.path.join(build, "bench", "data"))
    folder = os.path.join(build, "bench", "out", f"{load}.{tool}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    line, more = tools.TOOLS[tool](command, folder, build)
    run = measure.measure(line, {**os.environ, **environment, **more}, folder, os.path.join(folder, "log"), report.LIMIT_SECONDS)
    process = tools.PROCESS_NAME.get(tool, process)
    figures = {"wall": run.wall, "cpu": run.cpu, "status": run.status, "peak_kib": run.peak_of(process), "helper_kib": run.peak_of_others(process), "disk": folder_bytes(folder)}
    if not options.keep and run.status == 0:
        shutil.rmtree(folder)
    return figures


def measure_pair(tool, load, options):
    with locked(options.lock):
        pair = {"bare": run_tool("none", load, options), "tool": run_tool(tool, load, options)}
    bare, with_tool = pair["bare"], pair["tool"]
    told = f"status {with_tool['status']}" if with_tool["status"] else f"{with_tool['wall'] / bare['wall']:.2f}x wall, {with_tool['cpu'] - bare['cpu']:+.2f} s CPU, {with_tool['disk'] / 1e6:.2f} MB"
    print(f"{load:14} {tool:22} bare {bare['wall']:.2f} s, with it {with_tool['wall']:.2f} s: {told}", flush=True)
    return pair


def main():
    options = parse_options()
    options.build = os.path.abspath(options.build)
    store, data = os.path.join(options.build, "bench", "results.json"), os.path.join(options.build, "bench", "data")
    os.makedirs(os.path.dirname(store), exist_ok=True)
    results = {} if options.fresh or not os.path.exists(store) else json.load(open(store, encoding="utf-8"))
    for load in options.loads:
        for tool in options.tools:
            results.setdefault(load, {"tools": {}})["tools"].pop(tool, None)
        loads.prepare(load, data)
        results[load]["events"] = loads.count_events(load, data)
    for turn in range(options.rounds):
        for load in options.loads:
            for tool in options.tools:
                if tool in tools.SLOW and (turn > 0 or load not in tools.SLOW_LOADS):
                    continue
                results[load]["tools"].setdefault(tool, []).append(measure_pair(tool, load, options))
                json.dump(results, open(store, "w", encoding="utf-8"))
    print()
    print(report.render(results))
    if options.write or not options.part:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "benchmarks.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(report.render_page(results, os.path.join(options.build, "bench")))


if __name__ == "__main__":
    main()
