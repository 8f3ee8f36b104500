#!/usr/bin/env python3
"""replay: in a recording of 10 million requests, out how many of them a second each model of an allocator is given, and how long a comparison of twelve takes.

  bench/replay.py [--build build] [--requests 10000000]
The load is bench/replay.c. Speed is of processor time, as 'heaptracer replay' tells it; the comparison searches for the smallest arena of each, too. Its part of docs/benchmarks.md is written."""
import argparse
import json
import os
import resource
import subprocess
import tempfile
import time

import section

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TWELVE = "tlsf-esp,tlsf,heap_2,heap_4,heap_5,newlib,newlib-nano,picolibc-1.8,picolibc,glibc,o1heap,sys_heap"


def compare(command, trace, *more):
    start, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    said = subprocess.run([command, "replay", trace, "--json", *more], check=True, capture_output=True, text=True).stdout
    page = json.loads(said)
    rows = [row for table in page["tables"] if table["name"] == "replay" for row in table["rows"]]
    return rows, time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used


def part(folder):
    of = section.load(folder, "replay")
    if not of:
        return ""
    rows = "".join(f"| {row['allocator']} | {row['speed'] / 1e6:.1f} | {row['peak_taken_bytes']:,} | {row['smallest_bytes']:,} |\n" for row in of["rows"])
    return section.marked("replay", "## Replay: requests a second and core\n\n"
                          f"{of['requests']:,} requests of bench/replay.c (up to 2,000 blocks at once, 1.1 MiB) on the models of `heaptracer replay`; speed is of processor time, "
                          "and what else the machine does lowers it. All twelve in one comparison, with the reading of the trace and the search for the smallest arena of each: "
                          f"{of['wall']:.1f} s of wall time, {of['used']:.1f} s of processor time, on {of['cores']} cores.\n\n"
                          f"| allocator | M requests/s | peak taken | smallest arena |\n|---|---|---|---|\n{rows}")


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--build", default=os.path.join(SOURCE, "build"))
    words.add_argument("--requests", type=int, default=10000000)
    words = words.parse_args()
    command, store = os.path.join(words.build, "heaptracer"), os.path.join(words.build, "bench")
    with tempfile.TemporaryDirectory() as folder:
        load, trace = os.path.join(folder, "replay"), os.path.join(folder, "replay.htrc")
        subprocess.run(["cc", "-O2", os.path.join(SOURCE, "bench/replay.c"), "-o", load], check=True)
        subprocess.run([command, "run", "-q", "-o", trace, "--", load, str(words.requests), "2000"], check=True)
        rows, wall, used = compare(command, trace, "--compare", TWELVE)
    section.keep(store, "replay", {"requests": words.requests, "rows": rows, "wall": wall, "used": used, "cores": os.cpu_count()})
    section.write("replay", part(store))
    print(part(store))


if __name__ == "__main__":
    main()
