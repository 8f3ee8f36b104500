#!/usr/bin/env python3
"""guard: in names of loads, out how much longer each takes under --guard, --guard=full and memcheck, by CPU time of the program, side by side.

  bench/guard.py [--build build] [--repeat 3] [LOAD...]
The recorder's own CPU time is not in it: it runs beside the program. The least of REPEAT runs counts, memcheck's of one.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

import section

SQL = """create table t(a integer primary key, b text, c real);
with recursive c(x) as (select 1 union all select x+1 from c where x<60000) insert into t select x, hex(x*7919%100000), x*1.5 from c;
create index i on t(b); select count(distinct b), sum(a), max(c) from t;
select a.b, count(*) from t a join t b on a.b=b.b group by a.b order by 2 desc limit 3;
update t set b=b||'x' where a%3=0; delete from t where a%7=0; select sum(length(b)) from t;"""
PERL = 'my %h; for my $i (1..150000) { my @a = split /,/, join(",", map { $i % $_ } 2..6); $h{$a[0].$a[1]} .= chr(65+$a[2]); } print scalar(keys %h), "\\n";'
WAYS = {"record": [], "guard": ["--guard"], "full": ["--guard=full"]}
PYTHON = "import json; print(len(json.dumps([{str(i): [i] * 3} for i in range(60000)])))"


def cc1(source):
    """The compiler proper on one of our own files, preprocessed."""
    name = subprocess.run(["cc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True).stdout.strip()
    data = os.path.join(tempfile.gettempdir(), "heaptracer-guard.i")
    subprocess.run(["cc", "-E", "-D_GNU_SOURCE", "-I" + source, "-I" + os.path.join(source, "include"), os.path.join(source, "host/trace/writer.c"), "-o", data], check=True)
    return [name, "-quiet", "-O2", data, "-o", "/dev/null"]


def cpu(line):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def recorded(command, options, line, folder):
    trace = os.path.join(folder, "guard.htrc")
    subprocess.run([command, "run", *options, "-q", "-f", "-o", trace, "--", *line], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    told = subprocess.run([command, "analyze", "--table", "cost", "--json", trace], capture_output=True, text=True, check=True).stdout
    table = json.loads(told)["tables"][0]
    row = table["rows"][0]
    values = dict(zip((column["name"] for column in table["columns"]), row)) if isinstance(row, list) else row
    return next(value for name, value in values.items() if name.startswith("target")) / 1e9


def part(folder):
    """The part of docs/benchmarks.md; empty: nothing was measured."""
    of = section.load(folder, "guard")
    if not of:
        return ""
    rows = "".join(f"| {name} | {one[0]:.2f} | " + " | ".join(f"{figure:.2f}" for figure in one[1:]) + f" | {one[-1] / 5:.1f} |\n" for name, one in of.items())
    return section.marked("guard", "## Checks for memory errors: CPU time of the program, ratio to the bare run\n\nThe least of some runs, memcheck's of one (bench/guard.py). The recorder's own "
                          "CPU time is not in it. The last column is what --guard=full shall not exceed.\n\n| load | bare s | run | run --guard | run --guard=full | memcheck | memcheck / 5 |\n"
                          f"|---|---|---|---|---|---|---|\n{rows}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("load", nargs="*")
    options = parser.parse_args()
    command = os.path.join(options.build, "heaptracer")
    loads = {"cc1": cc1(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "python": ["/usr/bin/python3", "-c", PYTHON],
             "sqlite": ["sqlite3", ":memory:", SQL], "perl": ["perl", "-e", PERL]}
    of = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.load or loads:
            if not shutil.which(loads[name][0]):
                print(f"{name:8} is not here", file=sys.stderr)
                continue
            alone = min(cpu(loads[name]) for _ in range(options.repeat))
            times = [min(recorded(command, way, loads[name], folder) for _ in range(options.repeat)) / alone for way in WAYS.values()]
            of[name] = [alone, *times, cpu(["valgrind", "-q", *loads[name]]) / alone]
            print(name, [round(figure, 2) for figure in of[name]], flush=True)
    store = os.path.join(options.build, "bench")
    section.keep(store, "guard", of)
    section.write("guard", part(store))


if __name__ == "__main__":
    main()
