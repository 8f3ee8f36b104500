#!/usr/bin/env python3
"""compare: in a program and its arguments, out whether our trace and the naive reference recorder tell the same of one and the same run.

  compare.py [--free-stacks] [--signals] [--behind LIB] [--image NAME] [--emulator WORDS --runtime LIB] [--ends HOW] [--keep FOLDER] PROGRAM [ARGUMENT...]
with the environment HT (the command), REFERENCE (libreference.so), TRACE_LINES (the program of that name). Compared are multisets of
(thread, kind, call, size, alignment, address, old address, stack); without --signals also the order within each thread, and for programs of one process that
no block is born where another still lives. Exit code 1 and the first differences when there are any.
"""
import argparse
import collections
import glob
import os
import subprocess
import sys
import tempfile

SHOWN = 6


def record(options, folder):
    """Runs the program with the reference before our runtime; (reference lines, our lines)."""
    trace, log = os.path.join(folder, "trace.htrc"), os.path.join(folder, "log")
    behind = f":{options.behind}" if options.behind else ""
    start = f'LD_PRELOAD="$REFERENCE:$LD_PRELOAD{behind}" exec "$@"'
    more = ["--free-stacks"] if options.free_stacks else []
    environment = {**os.environ, "REFERENCE_LOG": log, **({"REFERENCE_FREE_STACKS": "1"} if options.free_stacks else {})}
    way = ["/bin/sh", "-c", start, "sh"]
    if options.emulator:
        way = [*options.emulator.split(), "-E", f"LD_PRELOAD={os.environ['REFERENCE']}:{options.runtime}"]
    line = [os.environ["HT"], "run", "-o", trace, *more, "--", *way, options.program, *options.arguments]
    run = subprocess.run(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if run.returncode:
        sys.exit(f"{' '.join(line)} ended with {run.returncode}:\n{run.stdout.decode(errors='replace')[-3000:]}")
    told = subprocess.run([os.environ["TRACE_LINES"], trace, options.image or os.path.basename(options.program)], capture_output=True, check=False)
    if told.returncode:
        sys.exit(f"trace_lines ended with {told.returncode}: {told.stderr.decode(errors='replace')}")
    reference = []
    for path in sorted(glob.glob(glob.escape(log) + ".*")):
        with open(path, encoding="utf-8", errors="replace") as file:
            reference += leave_out_own(file.read().splitlines())
    return reference, leave_out_own(told.stdout.decode(errors="replace").splitlines())


def as_libgcc(lines, ends):
    """Our lines where libgcc ends otherwise: "early", it leaves out the frame that has no caller; "cut", it does not say that tables are missing."""
    if ends == "cut":
        return [line.removeprefix("cut ") for line in lines]
    return [" ".join(line.split(" ")[:-1]) if ends == "early" and "+" in line else line for line in lines]


def is_our_own(line):
    """True for what the runtime allocates itself: only the system's libraries stand between it and the call. A signal handler's stack is not so."""
    for frame in line.split(" | ")[-1].split(" "):
        if frame.startswith("libheaptracer.so+"):
            return True
        if not frame.startswith(("libc.so+", "ld-linux")):
            return False
    return False


def leave_out_own(lines):
    """What dlsym and the like allocate for the runtime is none of the program's doing, whoever sees it."""
    kept, own = [], set()
    for line in lines:
        words = line.removeprefix("cut ").split(" |")[0].split(" ")
        if words[1] in "AR" and is_our_own(line):
            own.add(words[-2])
            own.discard(words[-1])
        elif words[1] == "F" and words[-2] in own:
            own.discard(words[-2])
        else:
            kept.append(line)
    return kept


def by_thread(lines):
    found = collections.defaultdict(list)
    for line in lines:
        found[line.split(" ", 1)[0]].append(line)
    return found


def without_stack(lines):
    return collections.Counter(line.split("|")[0] for line in lines)


def check_multisets(reference, ours):
    """Differences as text. Events whose stack we say is cut are compared without it."""
    cut = [line[4:] for line in ours if line.startswith("cut ")]
    left = collections.Counter(reference)
    left.subtract(line for line in ours if not line.startswith("cut "))
    only_reference, only_ours = list((+left).elements()), list((-left).elements())
    bare = without_stack(only_reference)
    bare.subtract(without_stack(cut))
    if not only_ours and not any(bare.values()):
        return []
    missing = {key for key, count in bare.items() if count > 0}
    lines = [f"{sum(count for count in bare.values() if count > 0)} events only in the reference, {len(only_ours)} only in our trace, {len(cut)} of ours cut"]
    lines += ["reference: " + line for line in only_reference if line.split("|")[0] in missing or only_ours][:SHOWN]
    return lines + ["ours:      " + line for line in only_ours][:SHOWN]


def check_order(reference, ours):
    theirs, mine = by_thread(reference), by_thread(ours)
    for thread in theirs:
        for number, (a, b) in enumerate(zip(theirs[thread], mine[thread])):
            if a != b:
                return [f"thread {thread}: event {number} is in another place", "reference: " + a, "ours:      " + b]
    return []


def check_lives(ours):
    """In the trace's order no block is born where one lives, and none ends twice."""
    live, broken = set(), []
    for line in ours:
        words = line.split(" |")[0].split(" ")
        kind, address, old = words[1], words[-2], words[-1]
        if kind == "F" or (kind == "R" and address != "0"):
            gone = address if kind == "F" else old
            if gone not in live:
                broken.append("ended though not alive: " + line)
            live.discard(gone)
        if kind == "A" or (kind == "R" and address != "0"):
            if address in live:
                broken.append("born where another lives: " + line)
            live.add(address)
    return broken[:SHOWN]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--free-stacks", action="store_true")
    parser.add_argument("--signals", action="store_true", help="handlers allocate: order within a thread is not compared, cut stacks are allowed")
    parser.add_argument("--processes", action="store_true", help="the program has children: addresses may be equal in them")
    parser.add_argument("--behind", help="a further library, preloaded behind our runtime")
    parser.add_argument("--image", help="name of the executable, where the program is a script")
    parser.add_argument("--emulator", help="runs the program: qemu-user and its options")
    parser.add_argument("--runtime", help="with --emulator: the runtime for the program's processor")
    parser.add_argument("--ends", choices=["early", "cut"], help="libgcc ends otherwise than we on this processor")
    parser.add_argument("--keep", help="folder that gets the trace and logs")
    parser.add_argument("program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
        reference, ours = record(options, options.keep or folder)
    ours = as_libgcc(ours, options.ends)
    cut = sum(line.startswith("cut ") for line in ours)
    broken = check_multisets(reference, ours)
    if not options.signals:
        broken = broken or check_order(reference, ours) or ([f"{cut} stacks are cut"] if cut else [])
        if not options.processes:
            broken = broken or check_lives(ours)
    if not broken and len(reference) < 100:
        broken = [f"only {len(reference)} events were seen: this run proves nothing"]
    threads = len(by_thread(reference))
    print("\n".join(broken) or f"{len(reference)} events on {threads} threads: no difference ({cut} stacks told as cut)")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
