#!/usr/bin/env python3
"""kill: in a number of runs, out whether a trace holds all that a program had done when it, or its collector, was killed with SIGKILL at a random instant.

  kill.py RUNS [SEED]
with the environment HT (the command), PROGRESS (the victim), TRACE_LINES. The victim counts its finished calls in shared memory. Two of three runs kill the
victim: every call that it had finished must be in the trace, in order, with at most the one that was under way behind them. The third kills the collector:
the victim must go on, and what is in the trace must be the beginning of what it did. Exit code 1 at the first run where that is not so.
"""
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

THREADS = 3


def read_progress(path):
    """(pid, {tid: finished calls})"""
    with open(path, "rb") as file:
        words = struct.unpack("33Q", file.read(264).ljust(264, b"\0"))
    return words[0], {tid: calls for tid, calls in zip(words[1::2], words[2::2]) if tid}


def wait_for(path, calls):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pid, threads = read_progress(path)
        if pid and len(threads) == THREADS and all(count >= calls for count in threads.values()):
            return pid
        time.sleep(0.001)
    return 0


def expected(number):
    """KIND and size of call `number` of a thread."""
    return ("F", 0) if number & 1 else ("A", 17 + number // 2 % 500)


def read_trace(trace):
    """{tid: [(kind, size)]} and the exit code of the reader."""
    told = subprocess.run([os.environ["TRACE_LINES"], trace, os.path.basename(os.environ["PROGRESS"])], capture_output=True, text=True, check=False)
    found = {}
    for line in told.stdout.splitlines():
        words = line.split(" |")[0].split(" ")
        found.setdefault(int(words[0]), []).append((words[1], int(words[-4])))
    return found, told.returncode, told.stderr


def check_thread(calls, got, all_there):
    for number, call in enumerate(got):
        if call != expected(number):
            return f"call {number} is {call}, expected {expected(number)}"
    if all_there and not calls <= len(got) <= calls + 1:
        return f"{calls} calls were finished, {len(got)} are in the trace"
    return ""


def text_of(file):
    file.seek(0)
    return file.read()


def run_once(dice, folder, kill_collector):
    trace, share = os.path.join(folder, "trace.htrc"), os.path.join(folder, "share")
    with open(share, "wb"):
        pass
    if os.path.exists(trace):
        os.unlink(trace)
    said = open(os.path.join(folder, "said"), "w+", encoding="utf-8") # no pipe: the victim holds it open too
    recorder = subprocess.Popen([os.environ["HT"], "run", "-o", trace, "--", os.environ["PROGRESS"], share, str(THREADS)], stdout=said, stderr=said)
    pid = wait_for(share, 1)
    if not pid:
        recorder.kill()
        recorder.wait()
        return 0, "the victim did not start: " + text_of(said)
    time.sleep(dice.expovariate(1 / 0.015))
    if kill_collector:
        recorder.kill()
        recorder.wait()
        before = read_progress(share)[1]
        goes_on = wait_for(share, max(before.values()) + 10)
        os.kill(pid, signal.SIGKILL)
        if not goes_on:
            return 0, "the victim stands still without its collector"
    else:
        os.kill(pid, signal.SIGKILL)
        recorder.wait(timeout=200)
        if recorder.returncode != 128 + signal.SIGKILL:
            return 0, f"the command ended with {recorder.returncode}: {text_of(said)}"
    done = read_progress(share)[1]
    found, code, why = read_trace(trace)
    if code and not kill_collector:
        return 0, f"the trace cannot be read: {why}"
    wrong = [f"thread {tid}: {text}" for tid, calls in done.items() if (text := check_thread(calls, found.get(tid, []), not kill_collector))]
    return sum(len(calls) for calls in found.values()), "; ".join(wrong)


def main():
    runs, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    dice, calls = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            got, wrong = run_once(dice, folder, number % 3 == 2)
            calls += got
            if wrong:
                print(f"run {number}{' (collector killed)' if number % 3 == 2 else ''}: {wrong}")
                return 1
    print(f"{runs} runs, {calls} calls in the traces: nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
