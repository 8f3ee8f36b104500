#!/usr/bin/env python3
"""leak_agreement: in programs, out block for block whether `heaptracer run --leaks` and memcheck put their living blocks into the same class.

usage: leak_agreement.py HEAPTRACER [-v] [NAME ...]
A block is known by the innermost frames of its stack (file and address in it) and its size; blocks of one stack are compared by how many are in each class.
What only one of both has (its allocator was called more or less often) is counted as not the same too."""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

FRAMES = 8
KINDS = {"Leak_DefinitelyLost": "direct", "Leak_IndirectlyLost": "indirect", "Leak_PossiblyLost": "possible", "Leak_StillReachable": "reachable"}
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = {
    "ls": ["ls", "-lR", HERE + "/host"],
    "find": ["find", HERE + "/host", "-name", "*.c", "-size", "+1k"],
    "grep": ["grep", "-rn", "struct [a-z]* \\*", HERE + "/host/base"],
    "sed": ["sed", "-e", "s/struct/union/g", HERE + "/host/cmd/run.c"],
    "awk": ["awk", "{n[$1]++} END {for (w in n) print w, n[w]}", HERE + "/README.md"],
    "sort": ["sort", "-u", HERE + "/README.md"],
    "tar": ["tar", "cf", "/dev/null", "-C", HERE, "docs"],
    "gzip": ["gzip", "-c", HERE + "/README.md"],
    "bzip2": ["bzip2", "-k", "-c", HERE + "/README.md"],
    "xz": ["xz", "-k", "-0", "-c", HERE + "/README.md"],
    "diff": ["diff", HERE + "/README.md", HERE + "/ARCHITECTURE.md"],
    "bash": ["bash", "-c", "for i in 1 2 3 4 5; do x=$x$i; done; declare -A a; a[k]=$x; echo ${a[k]}"],
    "dash": ["dash", "-c", "f() { echo $1; }; for i in 1 2 3; do f $i; done"],
    "perl": ["perl", "-e", "my %h; $h{$_ % 17} .= $_ for 1..500; print scalar(keys %h), \"\\n\""],
    "git": ["git", "-C", HERE, "log", "--oneline", "-20", "--stat"],
    "make": ["make", "-n", "-f", HERE + "/Makefile", "help"],
    "cmake": ["cmake", "--help-command", "add_library"],
    "openssl": ["openssl", "dgst", "-sha256", HERE + "/README.md"],
    "readelf": ["readelf", "-a", "/bin/true"],
    "objdump": ["objdump", "-d", "/bin/true"],
    "file": ["file", "/bin/true", HERE + "/README.md"],
}


def stack_add(stack, frame):
    """A function that was inlined, or calls itself there, is one frame for both."""
    if len(stack) < FRAMES and (not stack or stack[-1] != frame):
        stack.append(frame)


def our_stacks(path):
    """Of the first process: each stack's frames, and how many blocks of it are in each class."""
    frames, modules, found = {}, {}, collections.Counter()
    dump = subprocess.run([sys.argv[1], "dump", "--json", "--kind", "frame,module,scan_site", path], capture_output=True, text=True, check=True)
    for line in dump.stdout.splitlines():
        event = json.loads(line)
        if event["kind"] == "module":
            modules[event["id"]] = os.path.basename(event["path"])
        elif event["kind"] == "frame":
            frames[event["id"]] = (event["parent"], event["module"], int(str(event["offset"]), 0))
        elif event["process"] == 1:
            stack, at = [], event.get("stack", 0)
            while at:
                at, module, offset = frames[at]
                if module in modules:
                    stack_add(stack, (modules[module], offset - 1))
            found[tuple(stack), event["class"]] += event["count"]
    return found


def memcheck_stacks(log, said):
    """The same of memcheck: what it says of files tells where they lie."""
    bias, found, name = {}, collections.Counter(), None
    for line in open(said, errors="replace"):
        if match := re.search(r"Reading syms from (\S+)", line):
            name = os.path.realpath(match.group(1))
        if match := re.search(r"svma (0x[0-9a-f]+), avma (0x[0-9a-f]+)", line):
            bias.setdefault(name, int(match.group(2), 16) - int(match.group(1), 16))
    for error in xml.parse(log).getroot().iter("error"):
        kind = KINDS.get(error.findtext("kind"))
        if not kind:
            continue
        stack = []
        for frame in error.find("stack").iter("frame"):
            where = os.path.realpath(frame.findtext("obj") or "?")
            if frame.findtext("obj") and "vgpreload" not in where:
                stack_add(stack, (os.path.basename(where), int(frame.findtext("ip"), 16) - bias.get(where, 0)))
        found[tuple(stack), kind] += int(error.findtext("xwhat/leakedblocks"))
    return found


def compare(name, command, folder, verbose):
    trace, log, said = (os.path.join(folder, x) for x in ("a.htrc", "a.xml", "a.log"))
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.argv[1], "run", "-q", "-f", "--no-follow", "--leaks", "-o", trace, "--", *command], check=False,
                   env={**os.environ, "ONE_MORE": "since valgrind has one more for the program than we"}, **quiet)
    with open(said, "w", encoding="utf-8") as err:
        subprocess.run(["valgrind", "-v", "-v", "--leak-check=full", "--show-leak-kinds=all", "--leak-resolution=high", "--num-callers=60", "--show-below-main=yes",
                        "--run-libc-freeres=no", "--run-cxx-freeres=no", "--xml=yes", "--xml-file=" + log, *command],
                       check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
    ours, theirs = our_stacks(trace), memcheck_stacks(log, said)
    same = sum(min(count, theirs[key]) for key, count in ours.items())
    everything = max(sum(ours.values()), sum(theirs.values()))
    if verbose:
        for stack, kind in sorted(set(ours) | set(theirs), key=str):
            if ours[stack, kind] != theirs[stack, kind]:
                print("  ", kind, "ours", ours[stack, kind], "memcheck", theirs[stack, kind], " ".join(f"{m}+{o:#x}" for m, o in stack))
    return same, everything, ours, theirs


def by_class(found):
    sums = collections.Counter()
    for (_, kind), count in found.items():
        sums[kind] += count
    return "/".join(str(sums[kind]) for kind in KINDS.values())


def main():
    verbose = "-v" in sys.argv
    names = [name for name in sys.argv[2:] if name != "-v"] or PROGRAMS
    all_same = all_blocks = 0
    print(f"{'program':10} {'blocks':>8} {'the same':>9}  direct/indirect/possible/reachable: ours, memcheck's")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            same, blocks, ours, theirs = compare(name, PROGRAMS[name], folder, verbose)
            all_same, all_blocks = all_same + same, all_blocks + blocks
            print(f"{name:10} {blocks:8} {100 * same / max(blocks, 1):8.2f}%  {by_class(ours)}  {by_class(theirs)}", flush=True)
    print(f"{'all':10} {all_blocks:8} {100 * all_same / max(all_blocks, 1):8.2f}%")


main()
