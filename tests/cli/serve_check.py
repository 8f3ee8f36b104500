#!/usr/bin/env python3
"""serve_check: in the port of a `heaptracer serve` of a program that runs, out what its WebSocket does not say as docs/live.md has it."""
import sys

from serve_client import Client, Closed

failed = []


def check(good, what):
    if not good:
        failed.append(what)


def closes(client, what):
    try:
        for _ in range(100):
            client.hear()
        check(False, f"{what}: the connection stays open")
    except Closed as closed:
        return closed.code


def check_course(client):
    hello = client.message("hello")
    check(hello["schema"] == "heaptracer.live/1" and hello["sources"][0]["name"] == "sh" and hello["sources"][0]["can"] == ["mark", "record"], f"hello: {hello}")
    check(client.ask(type="subscribe", source=1, id=1)["ok"], "subscribe")
    history = client.message("history")
    columns = [values for name, values in history.items() if name not in ("type", "source", "regions")]
    check(len(columns) == 11 and len({len(values) for values in columns}) == 1 and len(columns[0]) > 1, f"history: {history}")
    check(history["time_ns"] == sorted(history["time_ns"]) and history["live_bytes"][-1] > history["live_bytes"][0], f"history does not grow: {history}")
    document = client.message("document")
    check(document["source"] == 1 and document["document"]["schema"] == "heaptracer.report/1", "document")
    beats = [client.message("beat") for _ in range(5)]
    check(all(a["time_ns"] < b["time_ns"] and a["live_bytes"] <= b["live_bytes"] for a, b in zip(beats, beats[1:])), f"beats: {beats}")
    while beats[-1]["live_bytes"] == beats[0]["live_bytes"] or beats[-1]["growth_bytes_s"] <= 0:  # the program may not have run meanwhile
        beats.append(client.message("beat"))
    check(all(beat["allocated_bytes"] >= beat["live_bytes"] + beat["freed_bytes"] for beat in beats), f"beats: {beats}")


def check_commands(client):
    check(client.ask(type="mark", source=1, label="caf\u00e9 full", id=2)["ok"], "mark")
    check(client.ask(type="record", source=1, on=False, id=3)["value"] == "paused", "record off")
    check(client.ask(type="record", source=1, on=True, id=4)["value"] == "recording", "record on")
    check(client.ask(type="detail", source=1, id=5)["ok"], "detail")
    for _ in range(20):
        tables = {table["name"]: table for table in client.message("document")["document"]["tables"]}
        if tables["marks"]["rows"]:
            break
    check([row["label"] for row in tables["marks"]["rows"]] == ["caf\u00e9 full"], f"marks: {tables['marks']['rows']}")
    for message in ({"type": "mark", "source": 1}, {"type": "mark", "source": 2, "label": "x"}, {"type": "record", "source": 1}, {"type": "frobnicate"},
                    {"type": "dump", "source": 1, "address": "0x10", "bytes": 8}):  # without a token
        answer = client.ask(id=9, **message)
        check(not answer["ok"] and answer["error"], f"{message}: {answer}")


def main():
    port = int(sys.argv[1])
    client = Client(port)
    check(client.status == 101, f"status {client.status}")
    check_course(client)
    check_commands(client)
    for broken in (b"{", b"\xff\xfe", b"[1]"):
        client.frame(broken)
        check(not client.message("answer")["ok"], f"{broken} is taken")
    check(closes(client, "three broken messages") == 1008, "three broken messages: no 1008")
    print("\n".join(failed))
    return 1 if failed else 0


sys.exit(main())
