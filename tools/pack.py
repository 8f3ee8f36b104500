#!/usr/bin/env python3
"""pack: in the name of a system, out a folder that is a whole library of it: `tools/pack.py arduino FOLDER`, also esp_idf and zephyr.

Arduino's libraries, the components of ESP-IDF's registry and Zephyr's modules must have all their sources inside: what the folder target/os/SYSTEM refers to
elsewhere in the tree is copied below FOLDER/src.
"""
import glob
import os
import shutil
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SHARED = ("wire/*.h", "wire/*.def", "wire/device.c", "wire/line.c", "wire/ehabi.c",
          "target/core/*.[ch]", "target/core/*.def", "target/walk/*.[ch]", "target/sink/*.[ch]", "target/os/bare/*.[ch]")
CALLS = ("target/os/calls/*.[ch]",) # of systems whose heap calls back
SOURCES = (".c", ".cpp", ".h", ".def")


def copy(name, to):
    os.makedirs(os.path.dirname(to), exist_ok=True)
    shutil.copyfile(os.path.join(ROOT, name), to)


def found(pattern):
    return [os.path.relpath(path, ROOT) for path in sorted(glob.glob(os.path.join(ROOT, pattern)))]


def pack(system, out):
    source = os.path.join(out, "src")
    for name in found("include/heaptracer/*.h"):
        copy(name, os.path.join(source, "" if system == "arduino" else "include", "heaptracer", os.path.basename(name)))
    for pattern in SHARED + (() if system == "arduino" else CALLS):
        for name in found(pattern):
            copy(name, os.path.join(source, name))
    own = os.path.join("target/os", system)
    for name in found(own + "/**") + found(own + "/*/*"):
        if not os.path.isfile(os.path.join(ROOT, name)):
            continue
        inside = os.path.relpath(name, own)
        if name.endswith(SOURCES):
            copy(name, os.path.join(source, inside if system == "arduino" else name))
        else: # how the system builds it; of ESP-IDF in a folder of the component's name
            copy(name, os.path.join(out, inside.removeprefix("heaptracer/")))
    copy("LICENSE", os.path.join(out, "LICENSE"))


def main():
    if len(sys.argv) != 3 or not os.path.isdir(os.path.join(ROOT, "target/os", sys.argv[1])):
        sys.exit(__doc__)
    pack(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()
