#!/usr/bin/env python3
"""live_beats: in the port of `heaptracer serve`, whose source 1 is a program that allocates all the time, out whether its beats come ten a second: of 10 beats one after the other, somewhere
in the first half minute, each pair is at most 150 ms of the program's time apart in the median, and all are of other moments."""
import statistics
import sys
import time

from serve_client import Client

WINDOW, NEAR_NS, PATIENCE_S = 10, 150_000_000, 30


def main():
    client = Client(int(sys.argv[1]))
    client.ask(type="subscribe", source=1, id=1, documents=False)
    until, beats = time.monotonic() + PATIENCE_S, []
    while time.monotonic() < until:
        message = client.message()
        if message["type"] != "beat":
            continue
        beats.append((message["time_ns"], message["allocated_count"]))
        last = beats[-WINDOW:]
        steps = [after[0] - before[0] for before, after in zip(last, last[1:])]
        moves = all(after[1] > before[1] for before, after in zip(last, last[1:]))
        if len(last) == WINDOW and moves and statistics.median(steps) <= NEAR_NS and max(steps) <= 4 * NEAR_NS:
            return 0
    print("beats are too far apart:", [after[0] - before[0] for before, after in zip(beats, beats[1:])])
    return 1


sys.exit(main())
