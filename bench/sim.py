#!/usr/bin/env python3
"""sim: in a load of a firmware's mallocs and frees (bench/sim.c), out how many of them a second each allocator model takes.

  bench/sim.py [--build build] [--events 5000000] [--arena 256]
Speed is of processor time. Its part of docs/benchmarks.md is written."""
import argparse
import os
import re
import subprocess
import tempfile

import section

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARIES = ["-ldw", "-lelf", "-lzstd", "-lxxhash", "-lpopt", "-lz", "-liberty", "-lm"]


def measure(words):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "sim")
        subprocess.run(["cc", "-std=gnu17", "-O2", "-I", SOURCE, "-I", os.path.join(SOURCE, "include"), os.path.join(SOURCE, "bench/sim.c"),
                        os.path.join(words.build, "libheaptracer-host.a"), *LIBRARIES, "-o", program], check=True)
        said = subprocess.run([program, str(words.arena), str(words.events)], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^(\S+) +([\d.]+) M events/s +(\d+) refused", said, flags=re.M)
    return [{"allocator": name, "speed": float(speed), "refused": int(refused)} for name, speed, refused in found]


def part(folder):
    of = section.load(folder, "sim")
    if not of:
        return ""
    rows = "".join(f"| {row['allocator']} | {row['speed']:.1f} | {row['refused']:,} |\n" for row in of["rows"])
    return section.marked("sim", "## Allocator models: a firmware's mallocs and frees a second and core\n\n"
                          f"bench/sim.c: blocks that end in the order of a stack, messages in that of a queue, and objects that live long, {of['events']:,} events in an arena of {of['arena']} KiB; "
                          "events a second of processor time, and what else the machine does lowers it. Of the fixed pool most requests are larger than its blocks.\n\n"
                          f"| allocator | M events/s | refused |\n|---|---|---|\n{rows}")


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--build", default=os.path.join(SOURCE, "build"))
    words.add_argument("--events", type=int, default=5000000)
    words.add_argument("--arena", type=int, default=256)
    words = words.parse_args()
    store = os.path.join(words.build, "bench")
    section.keep(store, "sim", {"events": words.events, "arena": words.arena, "rows": measure(words)})
    section.write("sim", part(store))
    print(part(store))


if __name__ == "__main__":
    main()
