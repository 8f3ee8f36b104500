#!/usr/bin/env python3
"""check_tables: in a schema and documents of `heaptracer analyze --json` (check_tables.py SCHEMA DOCUMENT...), out what is wrong with them, also what a schema cannot say:
rows have exactly the columns of their table with values of their kind, and every stack and frame that is named is there."""
import json
import re
import sys

from json_schema import validate

KINDS = {"text": str, "count": int, "bytes": int, "time": int, "duration": int, "ratio": (int, float, type(None)), "real": (int, float, type(None)), "address": str,
         "stack": int, "frame": list, "signed_bytes": int, "signed_count": int}


def check_row(document, table, number, row, problems):
    place = f"{table['name']} row {number}"
    names = [column["name"] for column in table["columns"]] + (["parent"] if table["shape"] == "tree" else [])
    if set(row) != set(names):
        problems.append(f"{place}: members {sorted(row)} are not the columns {sorted(names)}")
        return
    for column in table["columns"]:
        value = row[column["name"]]
        if not isinstance(value, KINDS[column["kind"]]):
            problems.append(f"{place}: {column['name']} {value!r} is no {column['kind']}")
        elif column["kind"] == "address" and not re.fullmatch("0x[0-9a-f]+", value):
            problems.append(f"{place}: {value!r} is no address")
        elif column["kind"] == "stack" and str(value) not in document["stacks"]:
            problems.append(f"{place}: stack {value} is not in stacks")
        elif column["kind"] == "frame" and any(place_of >= len(document["frames"]) for place_of in value):
            problems.append(f"{place}: a frame of {value} is not in frames")
    if table["shape"] == "tree" and row["parent"] is not None and row["parent"] >= number:
        problems.append(f"{place}: its parent {row['parent']} does not stand earlier")


def check_document(document, problems):
    for table in document["tables"]:
        names = [column["name"] for column in table["columns"]]
        if len(names) != len(set(names)) or (table["shape"] == "tree" and "parent" in names):
            problems.append(f"{table['name']}: column names are not unique")
        for number, row in enumerate(table["rows"]):
            check_row(document, table, number, row, problems)
    for stack, places in document["stacks"].items():
        if any(place >= len(document["frames"]) for place in places):
            problems.append(f"stack {stack}: a frame is not in frames")
    frames = [json.dumps(frame, sort_keys=True) for frame in document["frames"]]
    if len(frames) != len(set(frames)):
        problems.append("a frame is there twice")
    if document["complete"] != (document["problem"] is None):
        problems.append("`complete` and `problem` do not agree")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    has_failed = False
    for path in sys.argv[2:]:
        problems = []
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        validate(document, schema, schema, "document", problems)
        if not problems:
            check_document(document, problems)
        for problem in problems[:20]:
            print(f"{path}: {problem}")
        has_failed |= bool(problems)
    sys.exit(has_failed)


main()
