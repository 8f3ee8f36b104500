#!/usr/bin/env python3
"""dist: in the sources of a firmware's tracer, out one pair of files that a firmware project adds: OUT/heaptracer.h and OUT/heaptracer.c.

usage: dist.py OUT. Each header stands where it is first asked for; what only the tracer itself uses is static, so the compiler leaves out what is not needed.
"""
import glob
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PUBLIC = [f"include/heaptracer/{name}.h" for name in ("heaptracer", "port", "leak_tracker", "memmap", "tracked")]
CORE = ("wire/device.c", "wire/ehabi.c", "target/core/core.c")
REPEATED = (".def", "target/walk/proven.h", "heaptracer/again.h")  # stand wherever they are asked for; in parts that not everyone looks at
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<(heaptracer/[^>]+)>)')
LOCAL = re.compile(r"^((?:const |struct |enum |uint\w+ |size_t |bool |void |int |ht_\w+ |\*)+\**(ht__\w+)(?:\(.*|;))$")


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read().splitlines()


def find(name, found):
    """The project's file that an include means, or None for a foreign one."""
    quoted, angled = found
    places = [os.path.join("include", angled)] if angled else [os.path.join(os.path.dirname(name), quoted), quoted]
    for place in map(os.path.normpath, places):
        if os.path.isfile(os.path.join(ROOT, place)):
            return place
    return None


class Joined:
    def __init__(self, done):
        self.done = set(done)
        self.lines = []

    def add(self, name):
        if name in self.done:
            return
        if not name.endswith(REPEATED):
            self.done.add(name)
            self.lines += ["", f"/* ---- {name} */"]
        for line in read(name):
            found = INCLUDE.match(line)
            other = found and find(name, found.groups())
            if other:
                self.add(other)
            elif found and found[1]:
                sys.exit(f"{name}: {found[1]} is not in the tree")
            else:
                self.lines.append(line)


def make_local(lines, public):
    """What no public header names becomes static."""
    for line in lines:
        found = LOCAL.match(line)
        if line.startswith("extern struct ht_core ht__core"):
            yield "static struct ht_core ht__core;"
        elif found and found[2] not in public and not line.startswith(("static", "extern")):
            yield "HT_LOCAL " + line
        else:
            yield line


def write(path, head, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(head + lines) + "\n")


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    licence = ["/* HeapTracer, Apache License 2.0. Made of the project's sources by `make dist`: change those. */"]
    header = Joined([])
    for name in PUBLIC:
        header.add(name)
    public = set(re.findall(r"\bht__\w+", "\n".join(header.lines)))
    source = Joined(header.done)
    # these first: the sources of one machine ask for them where other machines do not look
    headers = ["wire/ehabi.h", "target/walk/known.h"]
    sources = [name for folder in ("target/core", "target/walk") for name in sorted(glob.glob(folder + "/*.c", root_dir=ROOT))]
    for name in headers + list(CORE) + sources:
        source.add(name)
    head = licence + ['#include "heaptracer.h"', "#if HT_ENABLED", '#pragma GCC diagnostic ignored "-Wunused-function" /* what is not compiled in is declared all the same */',
                      "#define HT_LOCAL static __attribute__((unused))"]
    write(os.path.join(out, "heaptracer.h"), licence + ["#pragma once", "#ifndef HT_FIRMWARE", "#define HT_FIRMWARE 1", "#endif"], header.lines)
    write(os.path.join(out, "heaptracer.c"), head, list(make_local(source.lines, public)) + ["#endif"])


if __name__ == "__main__":
    main()
