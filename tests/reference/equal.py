#!/usr/bin/env python3
"""equal: in a program and its arguments, out whether heaptrack and we count the same allocations, peak and leaked bytes on the same single-threaded run.

  equal.py PROGRAM [ARGUMENT...]        with the environment HT and TRACE_LINES
Both record a run of their own of a program that does the same every time. heaptrack's figures are added up from its file, since heaptrack_print rounds.
The environment, which perl copies, is made the same: heaptrack takes LD_PRELOAD out of it and `run` puts two variables more into it, so both programs get as
many variables of the same lengths. Three differences are known, taken out and said:
  - libstdc++'s pool for exceptions, 72,704 bytes. heaptrack brings it into C programs, and frees it at the end also where a program has one of its own;
  - the lists of libc's exit handlers (__new_exitfn), 1,040 bytes for 32 of them: heaptrack's libraries have handlers too, so that one list more may begin;
  - the page tables of cc1's collector, 32,768 bytes for each 4 GiB of address space that its pages touch: one or two by where the kernel put them.
Where the kernel puts things decides more in cc1 (which sizes its collector's tables have), so two runs may differ by themselves: a difference counts
when four pairs of runs in a row have one.
Exit code 1 when a figure differs, 77 (skipped) when heaptrack is not there.
"""
import collections
import os
import shutil
import subprocess
import sys
import tempfile

POOL_BYTES = 72704
EXITS_BYTES = 1040
REGION_BYTES = 32768
TRIES = 4


class Heap:
    """Adds up what lives."""

    def __init__(self):
        self.allocations = self.live = self.peak = 0
        self.sizes = collections.Counter()

    def born(self, size):
        self.allocations += 1
        self.sizes[size] += 1
        self.live += size
        self.peak = max(self.peak, self.live)

    def ended(self, size):
        self.live -= size

    def take_out(self, size):
        """A block that only this side has, that lived at the peak and was freed later."""
        self.allocations -= 1
        self.sizes[size] -= 1
        self.peak -= size

    def figures(self):
        return {"allocations": self.allocations, "peak bytes": self.peak, "leaked bytes": self.live}


def read_heaptrack(path):
    """heaptrack's interpreted file: "a SIZE STACK" names a kind of allocation, "+ KIND" and "- KIND" are events; all in hexadecimal."""
    heap, kinds = Heap(), []
    unpacked = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout.decode(errors="replace")
    for line in unpacked.splitlines():
        words = line.split(" ")
        if words[0] == "a":
            kinds.append(int(words[1], 16))
        elif words[0] == "+":
            heap.born(kinds[int(words[1], 16)])
        elif words[0] == "-":
            heap.ended(kinds[int(words[1], 16)])
    return heap


def read_ours(lines):
    heap, sizes = Heap(), {}
    for line in lines:
        words = line.split(" |")[0].split(" ")
        kind, size, address, old = words[1], int(words[-4]), words[-2], words[-1]
        if kind == "F" or (kind == "R" and address != "0"):
            heap.ended(sizes.pop(address if kind == "F" else old, 0))
        if kind == "A" or (kind == "R" and address != "0"):
            heap.born(size)
            sizes[address] = size
    return heap


def run(command, environment=None):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout.decode(errors="replace")


def take_pool_out(theirs, ours):
    """The pool is no allocation of a C program, and no leak of a C++ one."""
    if theirs.sizes[POOL_BYTES] == ours.sizes[POOL_BYTES] + 1:
        theirs.take_out(POOL_BYTES)
        return "; libstdc++'s pool, which heaptrack brings along, taken out"
    if ours.sizes[POOL_BYTES] and ours.live == theirs.live + POOL_BYTES:
        ours.live -= POOL_BYTES
        return "; libstdc++'s pool, which heaptrack frees at the end, taken out"
    return ""


def take_exits_out(theirs, ours):
    if theirs.sizes[EXITS_BYTES] != ours.sizes[EXITS_BYTES] + 1:
        return ""
    theirs.take_out(EXITS_BYTES)
    return "; a list of exit handlers, begun for heaptrack's, taken out"


def take_region_out(theirs, ours, program):
    """It lives until the end."""
    more = theirs if theirs.sizes[REGION_BYTES] > ours.sizes[REGION_BYTES] else ours
    if os.path.basename(program) != "cc1" or abs(theirs.sizes[REGION_BYTES] - ours.sizes[REGION_BYTES]) != 1:
        return ""
    more.take_out(REGION_BYTES)
    more.live -= REGION_BYTES
    return "; a page table, for pages on both sides of a border of 4 GiB, taken out"


def environments():
    """For heaptrack's run and for ours, such that the program sees as many variables of the same lengths."""
    ours = dict(os.environ, _=shutil.which("heaptrack"), PWD=os.getcwd())  # as the script heaptrack sets them
    with tempfile.TemporaryDirectory() as folder:
        lines = run([os.environ["HT"], "run", "-o", os.path.join(folder, "trace"), "--", "env", "-0"], ours).split("\0")
    seen = dict(line.split("=", 1) for line in lines if "=" in line)
    theirs = {name: value for name, value in seen.items() if name != "LD_PRELOAD"}
    theirs["IN_PRELOAD"] = seen["LD_PRELOAD"]
    return theirs, ours


def main():
    program = shutil.which(sys.argv[1])
    if not shutil.which("heaptrack") or not program:
        print("heaptrack or the program is not installed")
        return 77
    command = [os.path.realpath(program), *sys.argv[2:]]
    theirs_sees, ours_sees = environments()
    return 0 if any(compare(command, theirs_sees, ours_sees) for _ in range(TRIES)) else 1


def compare(command, theirs_sees, ours_sees):
    """One run under each."""
    with tempfile.TemporaryDirectory() as folder:
        run(["heaptrack", "-o", os.path.join(folder, "peer"), *command], theirs_sees)
        theirs = read_heaptrack(next(os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("peer")))
        trace = os.path.join(folder, "trace.htrc")
        run([os.environ["HT"], "run", "-o", trace, "--", *command], ours_sees)
        ours = read_ours(run([os.environ["TRACE_LINES"], trace, os.path.basename(command[0])]).splitlines())
    note = take_pool_out(theirs, ours) + take_exits_out(theirs, ours) + take_region_out(theirs, ours, command[0])
    same = theirs.figures() == ours.figures()
    print(f"{os.path.basename(command[0])}: {'equal' if same else 'DIFFERENT'}{note}")
    print("  heaptrack", theirs.figures())
    print("  ours     ", ours.figures())
    for size in sorted(set(theirs.sizes) | set(ours.sizes)):
        if theirs.sizes[size] != ours.sizes[size]:
            print(f"  blocks of {size} bytes: heaptrack {theirs.sizes[size]}, ours {ours.sizes[size]}")
    return same


if __name__ == "__main__":
    sys.exit(main())
