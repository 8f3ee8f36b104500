#!/usr/bin/env python3
"""check: in a trace and the heaptracer command, out each export read back by the tool that it is for, its totals beside ours; exit code 1 when one differs.

usage: check.py HEAPTRACER TRACE FOLDER NODE_MODULES [--table]      (--table prints the rows of docs/formats.md)
"""
import collections
import csv
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DH_VIEW = "/usr/libexec/valgrind"
METRICS = ("leaked", "peak", "allocated", "temporary")
Row = collections.namedtuple("Row", "format consumer what ours theirs")


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"check: {' '.join(words)} ends with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


class Case:
    def __init__(self, command, trace, folder, modules):
        self.command, self.trace, self.folder, self.modules = command, trace, folder, modules
        page = json.loads(run(command, "analyze", trace, "--table", "summary,temporary", "--json"))
        self.summary = page["tables"][0]["rows"][0]
        self.bytes = {name: self.summary[name + "_bytes"] for name in ("leaked", "peak", "allocated")}
        self.bytes["temporary"] = sum(row["bytes"] for row in page["tables"][1]["rows"])
        self.rows = []
        self.pages = []

    def export(self, name, form, *more):
        path = os.path.join(self.folder, name)
        run(self.command, "export", self.trace, "--to", form, "-q", "-f", "-o", path, *more)
        return path

    def add(self, form, consumer, what, theirs, ours=None):
        self.rows.append(Row(form, consumer, what, self.bytes[what] if ours is None else ours, theirs))


def check_pprof(case):
    path = case.export("p.pb.gz", "pprof")
    raw = run("go", "tool", "pprof", "-raw", path)
    head = re.search(r"^Samples:\n(.*)$", raw, re.M)[1].replace("[dflt]", "").split()
    samples = [[int(word) for word in line.split(":")[0].split()] for line in raw.split("Samples:\n")[1].split("Locations\n")[0].splitlines()[1:]
               if re.match(r"\s*\d+ ", line)]
    total = dict(zip(head, map(sum, zip(*samples)))) if samples else dict.fromkeys(head, 0)
    names = {"allocated": "alloc", "leaked": "inuse", "peak": "peak", "temporary": "temporary"}
    for metric, name in names.items():
        case.add("pprof", "go tool pprof -raw", metric, total[name + "_space/bytes"])
    case.add("pprof", "go tool pprof -raw", "allocations", total["alloc_objects/count"], case.summary["allocations"])
    top = run("go", "tool", "pprof", "-top", "-unit=B", "-sample_index=alloc_space", path)
    shown = re.search(r"Total samples = (\d+)B|of (\d+)B total", top)
    case.add("pprof", "go tool pprof -top", "allocated", int(shown[1] or shown[2]))
    case.pages.append(("pprof", "p.pb.gz", ["leaked"], "Importing as protobuf encoded pprof file"))


def check_folded(case):
    for metric in METRICS:
        path = case.export(f"{metric}.folded", "folded", "--metric", metric)
        lines = open(path, encoding="utf-8").read().splitlines()
        wrong = [line for line in lines if not re.fullmatch(r"[^;]+(;[^;]+)* \d+", line)]
        if wrong:
            sys.exit(f"check: folded has the line {wrong[0]!r}")
        if case.bytes[metric]:
            case.pages.append(("folded", f"{metric}.folded", [metric], "Importing as collapsed stack format"))


def check_speedscope(case):
    path = case.export("s.speedscope.json", "speedscope")
    schema = os.path.join(case.modules, "speedscope/dist/release/file-format-schema.json")
    run("node", os.path.join(HERE, "schema.cjs"), case.modules, schema, path)
    order = ("peak", "leaked", "allocated", "temporary")
    for metric, profile in zip(order, json.load(open(path, encoding="utf-8"))["profiles"]):
        case.add("speedscope", "file-format-schema.json", metric, sum(profile["weights"]))
    case.pages.append(("speedscope", "s.speedscope.json", order, "Importing as speedscope json file"))


def check_massif(case):
    printed = run("ms_print", case.export("m.massif.out", "massif"))
    rows = [[int(word.replace(",", "")) for word in line.split()] for line in printed.splitlines() if re.fullmatch(r"\s*\d+(\s+[\d,]+){5}", line)]
    case.add("massif", "ms_print", "peak", max(row[2] for row in rows))
    case.add("massif", "ms_print", "leaked", rows[-1][2])
    peak = re.search(r"\((\d+) ?\(peak\)|(\d+) \(peak\)", printed)
    if not peak:
        sys.exit("check: ms_print knows no peak")
    trees = re.findall(r"^\d+\.\d+% \(([\d,]+)B\) \(heap allocation functions\)", printed, re.M)
    case.add("massif", "ms_print, its trees", "peak", int(trees[0].replace(",", "")))


def check_dhat(case):
    case.export("d.dhat.json", "dhat")
    case.pages.append(("dhat", "d.dhat.json", None, None))


def read_dhat(case, text):
    for label, metric, count in (("Total:", "allocated", "allocations"), ("At t-gmax:", "peak", "peak_count"), ("At t-end:", "leaked", "leaked_count")):
        found = re.search(label + r"\s+([\d,]+) bytes \(.*?\) in ([\d,]+) blocks", text)
        if not found:
            sys.exit(f"check: dh_view.html does not say '{label}': {text[:500]}")
        case.add("dhat", "dh_view.html", metric, int(found[1].replace(",", "")))
        case.add("dhat", "dh_view.html", count, int(found[2].replace(",", "")), case.summary[count])


def check_heaptrack(case):
    path = case.export("h.heaptrack.zst", "heaptrack")
    for cost, what in (("leaked", "leaked"), ("peak", "peak"), ("allocations", "allocations")):
        flame, massif = path + ".folded", path + ".massif"
        printed = run("heaptrack_print", "-f", path, "--disable-builtin-suppressions", "--flamegraph-cost-type", cost, "-F", flame, "-M", massif)
        total = sum(int(line.rsplit(" ", 1)[1]) for line in open(flame, encoding="utf-8", errors="replace"))
        case.add("heaptrack", "heaptrack_print -F", what, total, case.summary["allocations"] if what == "allocations" else None)
    calls = int(re.search(r"calls to allocation functions: (\d+)", printed)[1])
    case.add("heaptrack", "heaptrack_print", "allocations", calls, case.summary["allocations"])
    heap = [int(number) for number in re.findall(r"^mem_heap_B=(\d+)", open(massif, encoding="utf-8", errors="replace").read(), re.M)]
    case.add("heaptrack", "heaptrack_print -M", "leaked", heap[-1])


def check_chrome(case):
    path = case.export("c.trace.json", "chrome")
    events = json.load(open(path, encoding="utf-8"))["traceEvents"]
    for event in events:
        if event["ph"] not in "MXCi" or not all(key in event for key in ("name", "pid", "tid", "ts")) or (event["ph"] == "X" and event["dur"] < 0):
            sys.exit(f"check: chrome has the event {event}")
    case.add("chrome", "its counter events", "peak", max(event["args"]["bytes"] for event in events if event["ph"] == "C"))
    case.pages.append(("chrome", "c.trace.json", None, "Importing as Trace Event Format profile"))


def check_csv(case):
    path = case.export("sites.csv", "csv")
    rows = list(csv.DictReader(open(path, newline="", encoding="utf-8"), strict=True))
    for metric in METRICS:
        case.add("csv", "python3 csv", metric, sum(int(row[metric + "_bytes"]) for row in rows))
    counted = run("sqlite3", ":memory:", ".mode csv", f".import {path} sites", "select sum(allocated_bytes), sum(allocated_count) from sites;")
    case.add("csv", "sqlite3 .import", "allocated", int(counted.split(",")[0]))
    case.add("csv", "sqlite3 .import", "allocations", int(counted.split(",")[1]), case.summary["allocations"])


def check_json(case):
    path = case.export("tables.json", "json")
    source = os.path.dirname(os.path.dirname(HERE))
    run("python3", os.path.join(source, "tests/cli/check_tables.py"), os.path.join(source, "docs/json-schema/tables.schema.json"), path)
    tables = {table["name"]: table for table in json.load(open(path, encoding="utf-8"))["tables"]}
    case.add("json", "its JSON schema", "allocated", tables["summary"]["rows"][0]["allocated_bytes"])
    case.add("json", "its JSON schema", "peak", sum(row["bytes"] for row in tables["peak"]["rows"]))


def look_at_pages(case):
    open(os.path.join(case.folder, "no.profile"), "w", encoding="utf-8").write("no profile\n\n;")
    jobs = [f"{'dhat' if form == 'dhat' else 'speedscope'}:{file}" for form, file, _, _ in case.pages] + ["speedscope:no.profile"]
    found = json.loads(run("node", os.path.join(HERE, "browse.mjs"), case.modules, DH_VIEW, case.folder, *jobs))
    if "Unrecognized format" not in found["no.profile"].get("error", ""):
        sys.exit("check: speedscope takes anything for a profile, so what it takes proves nothing")
    for form, file, metrics, importer in case.pages:
        page = found[file]
        if form == "dhat":
            read_dhat(case, page["text"])
            continue
        if page.get("error") or importer not in page["lines"]:
            sys.exit(f"check: speedscope and {file}: {page}")
        for metric, profile in zip(metrics or (), page["profiles"]):
            case.add(form, "speedscope's page", metric, profile["total"])


def print_table(case):
    print("| format | read by | amount | ours | theirs |\n|---|---|---|---|---|")
    for row in case.rows:
        print(f"| {row.format} | {row.consumer} | {row.what} | {row.ours:,} | {row.theirs:,} |")


def main():
    command, trace, folder, modules = sys.argv[1:5]
    case = Case(command, trace, folder, modules)
    for check in (check_pprof, check_folded, check_speedscope, check_massif, check_dhat, check_heaptrack, check_chrome, check_csv, check_json, look_at_pages):
        check(case)
    order = [form for form in ("pprof", "folded", "speedscope", "massif", "dhat", "heaptrack", "chrome", "csv", "json")]
    case.rows.sort(key=lambda row: order.index(row.format))
    if "--table" in sys.argv:
        print_table(case)
    wrong = [row for row in case.rows if row.ours != row.theirs]
    for row in wrong:
        print(f"check: {row.format}: {row.consumer} says {row.what} {row.theirs}, not {row.ours}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
