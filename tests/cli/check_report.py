#!/usr/bin/env python3
"""check_report: in documents or pages of `heaptracer report` and tables of `heaptracer analyze --json` (check_report.py TABLES REPORT...), out what is wrong with the
reports: what the schema forbids, places that are not there, and sums that are not those of the tables."""
import base64
import gzip
import json
import re
import sys

from json_schema import SCHEMAS, validate


def load(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.startswith("{"):
        return json.loads(text)
    data = re.findall(r'<script id="heaptracer-data" type="application/octet-stream">([^<]*)</script>', text)[-1]
    return json.loads(gzip.decompress(base64.b64decode(data, validate=True)))


def check_stacks(report, problems):
    parent, frame = report["stacks"]["parent"], report["stacks"]["frame"]
    if len(parent) != len(frame) or (parent[0], frame[0]) != (-1, -1):
        problems.append("stacks: columns differ in length, or place 0 is a stack")
    if any(above >= place for place, above in enumerate(parent)):
        problems.append("stacks: a stack stands before its caller")
    if any(not 0 <= place < len(report["frames"]) for place in frame[1:]):
        problems.append("stacks: a frame is not there")
    for table in report.get("tables", []):
        for column in table["columns"]:
            if column["kind"] in ("stack", "frame") and any(row[column["name"]] >= len(parent) for row in table["rows"]):
                problems.append(f"{table['name']}: a stack is not there")
    for finding in report.get("health", report)["findings"]:
        if finding.get("stack", 0) >= len(parent):
            problems.append(f"{finding['id']}: its stack is not there")


def check_cells(report, name, members, problems):
    cells, count = report["slices"][name], report["slices"]["count"]
    first = cells["first"]
    if len(first) != members + 1 or first[0] != 0 or first[-1] != len(cells["slice"]) or sorted(first) != first:
        problems.append(f"slices.{name}: `first` does not lead through the cells")
    if any(len(column) != len(cells["slice"]) for key, column in cells.items() if key != "first"):
        problems.append(f"slices.{name}: columns differ in length")
    for member in range(members):
        slices = cells["slice"][first[member]:first[member + 1]]
        if any(a >= b for a, b in zip(slices, slices[1:])) or any(at >= count for at in slices):
            problems.append(f"slices.{name}: the slices of member {member} are not in order")
    return cells


def check_moments(report, problems):
    """A column with one value for all pieces has it once. The blocks of a moment are those that live then: never more than the most that ever did."""
    moments, most = report["moments"], next(table for table in report["tables"] if table["name"] == "summary")["rows"][0]["peak_bytes"]
    times = moments["time_ns"]
    if sorted(set(times)) != times or len(times) > 48:
        problems.append("moments: too many, or not in order")
    for part in moments["maps"]:
        first, cell = part["first"], part["cell_bytes"]
        pieces = first[-1]
        if len(first) != len(times) + 1 or sorted(first) != first or pieces > 48 * 520:
            problems.append(f"moments.{part['table']}: `first` does not lead through the pieces")
        columns = {name: part[name] * pieces if len(part[name]) == 1 else part[name] for name in ("process", "skip", "cells", "live_bytes")}
        if any(len(column) != pieces for column in columns.values()):
            problems.append(f"moments.{part['table']}: columns differ in length")
            continue
        if any(columns["live_bytes"][i] < 1 or not report["trace"]["sample_bytes"] and columns["live_bytes"][i] > columns["cells"][i] * cell for i in range(pieces)):
            problems.append(f"moments.{part['table']}: a piece holds nothing, or more than it is large")
        if part["table"] == "heap_map" and any(sum(columns["live_bytes"][a:b]) > most for a, b in zip(first, first[1:])):
            problems.append("moments: more lives than ever did")


def is_sum(report, key, values, wanted):
    """Counts of samples are fractions, each rounded when it is told."""
    slack = len(values) / 2 + 1 if report["trace"]["sample_bytes"] and key.endswith("_count") else 0
    return abs(sum(values) - wanted) <= slack


def check_sums(report, tables, problems):
    summary = {table["name"]: table for table in tables["tables"]}["summary"]["rows"][0]
    wanted = {"allocated_bytes": summary["allocated_bytes"], "allocated_count": summary["allocations"], "freed_bytes": summary["freed_bytes"],
              "freed_count": summary["frees"], "leaked_bytes": summary["leaked_bytes"], "leaked_count": summary["leaked_count"]}
    sites, slices = report["sites"], report["slices"]
    if any(len(column) != len(sites["stack"]) for column in sites.values()):
        problems.append("sites: columns differ in length")
    members = {"sites": len(sites["stack"]), "threads": len(report["threads"]), "sizes": len(report["sizes"])}
    groups = {f"slices.{name}": check_cells(report, name, count, problems) for name, count in members.items()} | {"sites": sites, "slices": slices}
    for group, columns in groups.items():
        for key, value in wanted.items():
            if key in columns and not is_sum(report, key, columns[key], value):
                problems.append(f"{group}.{key}: the sum {sum(columns[key])} is not the {value} of the summary")
    for key in ("peak_bytes", "peak_count"):
        if not is_sum(report, key, sites[key], summary[key]):
            problems.append(f"sites.{key}: the sum is not the peak")
    if not report["tables"] or slices["live_bytes"][-1] > summary["peak_bytes"]:
        problems.append("slices.live_bytes: above the peak")
    cells = slices["sites"]
    for member in range(len(sites["stack"])):
        part = slice(cells["first"][member], cells["first"][member + 1])
        for key in ("allocated_bytes", "freed_bytes", "leaked_bytes", "temporary_count"):
            if not is_sum(report, key, cells[key][part], sites[key][member]):
                problems.append(f"slices.sites: {key} of site {member} is not the site's")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tables = json.load(file)
    has_failed = False
    for path in sys.argv[2:]:
        problems, report = [], load(path)
        validate(report, SCHEMAS[report["schema"]], SCHEMAS[report["schema"]], "report", problems)
        if not problems:
            check_stacks(report, problems)
        if not problems and report["schema"] == "heaptracer.report/1":
            check_sums(report, tables, problems)
            check_moments(report, problems)
        if report["complete"] != (report["problem"] is None):
            problems.append("`complete` and `problem` do not agree")
        for problem in problems[:20]:
            print(f"{path}: {problem}")
        has_failed |= bool(problems)
    sys.exit(has_failed)


main()
