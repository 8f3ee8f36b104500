#!/usr/bin/env python3
"""serve: in numbers of pages that look at one running program, out how many beats reach them, and what the server takes for it.

  bench/serve.py [--build build] [--seconds 10] [--clients 1,50,300]
The program is tests/programs/live_grow under `heaptracer run`; each client is a WebSocket that is subscribed to beats and reads all. Then 300 of which 30 want documents, too, and never
read; then 30 and 300 that want and read documents. The clients are this program, on the same machine. The part of docs/benchmarks.md is written."""
import argparse
import os
import selectors
import subprocess
import sys
import tempfile
import time

import section

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "tests/cli"))
from serve_client import Client  # noqa: E402

NEVER_READ = 30


class Reader:
    """Counts whole messages of a connection without keeping them."""

    def __init__(self, port, documents):
        self.client = Client(port)
        self.client.ask(type="subscribe", source=1, id=1, documents=documents)
        self.client.socket.setblocking(False)
        self.bytes = bytearray(self.client.bytes)
        self.beats, self.documents, self.taken = set(), 0, 0

    def read(self):
        try:
            while got := self.client.socket.recv(1 << 18):
                self.bytes += got
        except BlockingIOError:
            pass
        while self.message():
            pass

    def message(self):
        data = self.bytes
        if len(data) < 2:
            return False
        count, head = data[1] & 127, 2
        if count >= 126:
            head = 4 if count == 126 else 10
            if len(data) < head:
                return False
            count = int.from_bytes(data[2:head], "big")
        if len(data) < head + count:
            return False
        start = bytes(data[head:head + 60])
        if start.startswith(b'{"type": "beat"'):
            self.beats.add(int(start.split(b'"time_ns": ')[1].split(b",")[0]))
        self.documents += start.startswith(b'{"type": "document"')
        self.taken += head + count
        del data[:head + count]
        return True


def ticks(pid):
    """CPU seconds of the thread of the clients, and of all others."""
    mine = others = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        fields = open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        mine, others = (mine + used, others) if int(thread) == pid else (mine, others + used)
    return mine, others


def memory(pid):
    return int(next(line for line in open(f"/proc/{pid}/status", encoding="ascii") if line.startswith("VmRSS")).split()[1]) / 1024


def look(server, port, readers, seconds):
    with selectors.DefaultSelector() as ready:
        for reader in readers:
            ready.register(reader.client.socket, selectors.EVENT_READ, reader)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            for key, _ in ready.select(0.1):
                key.data.read()
        for reader in readers:
            reader.beats, reader.documents, reader.taken = set(), 0, 0
        before, began = ticks(server.pid), time.monotonic()
        while time.monotonic() < began + seconds:
            for key, _ in ready.select(0.1):
                key.data.read()
        wall, after = time.monotonic() - began, ticks(server.pid)
    sent = set().union(*(reader.beats for reader in readers))
    return {"clients": len(readers), "sent": len(sent) * len(readers), "got": sum(len(reader.beats) for reader in readers), "documents": sum(reader.documents for reader in readers),
            "mb": sum(reader.taken for reader in readers) / wall / 1e6, "cpu": (after[0] - before[0]) / wall, "source": (after[1] - before[1]) / wall, "memory": memory(server.pid)}


def one(command, trace, clients, lazy, documents, seconds):
    server = subprocess.Popen([command, "serve", "--port", "0", trace], stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])
    never = [Client(port, receive_bytes=4096) for _ in range(lazy)]
    for client in never:
        client.say(type="subscribe", source=1, id=1)
    result = look(server, port, [Reader(port, documents) for _ in range(clients - lazy)], seconds)
    result.update(never=lazy, documents=result["documents"] if documents else "not wanted")
    server.terminate()
    server.wait()
    return result


def part(folder):
    """The part of docs/benchmarks.md; empty: nothing was measured."""
    figures = section.load(folder, "serve")
    if not figures:
        return ""
    text = (f"## serve: pages that look at one program\n\nEach page is a WebSocket that gets beats, and documents (the whole report) where it says so, for {figures['seconds']} s, all served by one thread "
            f"(bench/serve.py). Delivered: of the beats that any page got, those that each got. The clients run on the same {os.cpu_count()} processors, at a load of {figures['load']:.0f}. CPU is of one core; "
            "that of the source's thread reads the trace and makes the documents, however many look.\n\n| pages | of them never read | beats delivered | documents | MB/s | CPU, clients' thread | CPU, "
            "source's thread | resident MiB |\n|---|---|---|---|---|---|---|---|\n")
    for row in figures["rows"]:
        text += (f"| {row['clients'] + row['never']} | {row['never']} | {row['got']} of {row['sent']} | {row['documents']} | {row['mb']:.1f} | {row['cpu']:.1%} | {row['source']:.1%} | "
                 f"{row['memory']:.0f} |\n")
    return section.marked("serve", text)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--build", default="build")
    words.add_argument("--seconds", type=int, default=10)
    words.add_argument("--clients", default="1,50,300")
    words = words.parse_args()
    command, program = os.path.join(words.build, "heaptracer"), os.path.join(words.build, "victims/live_grow")
    counts = [(int(count), 0, False) for count in words.clients.split(",")]
    most = counts[-1][0]
    counts += [(most, min(NEVER_READ, most - 1), False), (most // 10 or 1, 0, True), (most, 0, True)]
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "grow.htrc")
        recorder = subprocess.Popen([command, "run", "-q", "-o", trace, "--", program, "300"], stdout=subprocess.DEVNULL)
        time.sleep(2)
        load = os.getloadavg()[0]
        rows = [one(command, trace, *count, words.seconds) for count in counts]
        recorder.terminate()
        recorder.wait()
    store = os.path.join(words.build, "bench")
    section.keep(store, "serve", {"seconds": words.seconds, "load": load, "rows": rows})
    section.write("serve", part(store))
    print(part(store))


if __name__ == "__main__":
    main()
