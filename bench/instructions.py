#!/usr/bin/env python3
"""instructions: in tool names, out instructions per free + malloc pair over bare glibc, by callgrind, with start-up removed.

  bench/instructions.py [--build build] [--tools heaptracer,gperftools]
Two runs of bench/churn.c of different length are subtracted, so what happens once falls out. Callgrind counts the program's process only. heaptrack turns itself
off under valgrind, so it has no row. Figures are kept in BUILD/bench/instructions.json, from where docs/benchmarks.md takes them.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

import loads
import tools

SHORT, LONG = 100000, 300000
ORDERS = ("neighbours", "random")


def count(tool, order, pairs, build):
    """Instructions of one whole run."""
    data, folder = os.path.join(build, "bench", "data"), os.path.join(build, "bench", "out", "instructions")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.makedirs(data, exist_ok=True)
    told = os.path.join(folder, "callgrind.out")
    churn = [loads.compile_once(data, "churn.c"), order, "1", str(pairs)]
    line, more = tools.TOOLS[tool](["valgrind", "--tool=callgrind", "--callgrind-out-file=" + told, *churn], folder, build)
    run = subprocess.run(line, env={**os.environ, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if run.returncode or not os.path.exists(told):
        sys.exit(f"{tool}: {' '.join(line)} ended with {run.returncode}:\n{run.stdout.decode(errors='replace')[-2000:]}")
    with open(told, encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(("summary:", "totals:")))


def per_pair(tool, order, build):
    return (count(tool, order, LONG, build) - count(tool, order, SHORT, build)) / (LONG - SHORT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--tools", default="heaptracer,jemalloc,gperftools")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    store = os.path.join(build, "bench", "instructions.json")
    figures = json.load(open(store, encoding="utf-8")) if os.path.exists(store) else {}
    bare = {order: per_pair("none", order, build) for order in ORDERS}
    print("bare".ljust(20), "  ".join(f"{order} {bare[order]:8.1f}" for order in ORDERS), flush=True)
    for tool in options.tools.split(","):
        figures[tool] = {order: per_pair(tool, order, build) - bare[order] for order in ORDERS}
        print(tool.ljust(20), "  ".join(f"{order} {figures[tool][order]:+8.1f}" for order in ORDERS), flush=True)
        with open(store, "w", encoding="utf-8") as file:
            json.dump(figures, file)


if __name__ == "__main__":
    main()
