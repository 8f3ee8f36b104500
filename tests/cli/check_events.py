#!/usr/bin/env python3
"""check_events: in a schema and lines of `heaptracer dump --json` (check_events.py SCHEMA FILE), out what is wrong: also a stack, module or parent that was
named before it was defined."""
import json
import sys

from json_schema import validate


def check_order(event, defined, problems):
    place = f"event {event['index']}"
    kind = event["kind"]
    names = {"stack": "frame", "source": "source"} if kind != "frame" else {"parent": "frame", "module": "module"}
    for member, definition in names.items():
        if event.get(member, 0) and event[member] not in defined.get(definition, set()):
            problems.append(f"{place}: {member} {event[member]} is not defined yet")
    if "id" in event:
        defined.setdefault(kind, set()).add(event["id"])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    problems, defined, last = [], {}, 0
    with open(sys.argv[2], encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            validate(event, schema, schema, f"event {event.get('index')}", problems)
            if not problems:
                check_order(event, defined, problems)
            if event["time_ns"] < last:
                problems.append(f"event {event['index']}: time goes back")
            last = event["time_ns"]
            if len(problems) > 20:
                break
    for problem in problems[:20]:
        print(problem)
    sys.exit(bool(problems))


main()
