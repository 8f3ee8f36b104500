#!/usr/bin/env bash
# check: in a run and budgets, out which are kept, who breaks the others, the files for build servers, and an exit code for each.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HEAPTRACER_CONFIG=none
fail() { echo "FAIL: $*"; exit 1; }
ends() { local wanted=$1; shift; "$HT" check "$@" >page 2>said; local got=$?; [ $got = "$wanted" ] || { cat page said; fail "check $* ends with $got, not $wanted"; }; }
says() { grep -q -- "$1" page said || { cat page said; fail "nobody says '$1'"; }; }

"$HT" run -q -o a.htrc -- "$VICTIMS/leaky" || fail run

# Each kind of budget just kept, and just broken: the victim's peak is 1,034,000 bytes, it leaks 10,081 and allocates 117 times.
ends 0 a.htrc --max-peak 1034000 --max-leaks 10081 --max-allocations 117 --max-refused 0
says "all 4 budgets are kept"
ends 1 a.htrc --max-peak 1033999; says "FAIL .*peak of live memory"; says "peak (leaky.c"
ends 1 a.htrc --max-leaks 10080; says "parse_row (leaky.c"
ends 1 a.htrc --max-allocations 116
ends 0 a.htrc --budget 'leaks.count<=10' --budget 'leaks.count>=1' --budget 'figures.peak<2M'
ends 1 a.htrc --budget 'leaks.count<10'; says "parse_row (leaky.c"
"$HT" analyze a.htrc --table fragmentation --csv --columns external | tail -1 | tr -d '\r' >external
ends 0 a.htrc --max-fragmentation "$(python3 -c 'print(float(open("external").read()) + 0.001)')"; says "ok .*fragmentation"
ends 1 a.htrc --max-fragmentation "$(python3 -c 'print(float(open("external").read()) - 0.001)')"; says "FAIL .*fragmentation"
ends 1 a.htrc --max-stack 80%; says "the recording does not tell it"; says "1 of 1 cannot be judged"

# Leaks are lost blocks where somebody looked; all that lives at the end is more.
"$HT" run -q --leaks -o l.htrc -- "$VICTIMS/reach_cases"
"$HT" check l.htrc --max-leaks 1G --json >lost.json || fail "json"
python3 - <<'END' || fail "bytes that are lost"
import json, subprocess, os
value = json.load(open("lost.json"))["tables"][0]["rows"][0]["value"]
reach = json.loads(subprocess.run([os.environ["HT"], "analyze", "l.htrc", "--table", "reach", "--json"], capture_output=True, check=True).stdout)["tables"][0]["rows"]
assert value == sum(row["bytes"] for row in reach if row["confidence"] > 0.8) > 0, value
END

# A baseline as a trace and as a file: both the same; and what grew is named with what it was.
ends 0 a.htrc --save-baseline heap.toml
ends 0 a.htrc --baseline heap.toml --max-growth 0%; says "all 4 budgets are kept"
ends 0 a.htrc --baseline a.htrc --max-growth 0
sed 's/^leaks = [0-9][0-9]*/leaks = 9000/; s/"10000 parse_row/"8919 parse_row/' heap.toml >less.toml
ends 1 a.htrc --baseline less.toml --json
python3 - <<'END' || fail "who grew"
import json
page = json.load(open("page"))
budgets, culprits = page["tables"]
assert [row["name"] for row in budgets["rows"] if row["verdict"] == "FAIL"] == ["leaks-growth"], budgets
first = culprits["rows"][0]
assert (first["value"], first["before"]) == (10000, 8919) and len(culprits["rows"]) == 1, culprits
END
ends 0 a.htrc --baseline less.toml --baseline heap.toml # the highest counts
ends 0 a.htrc --baseline less.toml --max-growth 13%

# For build servers.
ends 1 a.htrc --max-peak 1K --max-refused 0 --max-stack 1 --junit f.xml --sarif f.sarif --markdown f.md --source-root "$SOURCE"
python=python3
$python -c 'import junitparser' 2>err || python=/usr/bin/python3
$python "$SOURCE/tests/cli/check_findings.py" f.sarif f.xml budget/peak=1 budget/stack=1 >/dev/null || fail "the files for build servers"
grep -q '^### heaptracer: 1 of 3 budgets is broken, 1 of 3 cannot be judged$' f.md && grep -q '^| FAIL | peak of live memory |' f.md || fail "Markdown: $(cat f.md)"
ends 0 a.htrc --max-peak 1G --markdown f.md
[ "$(grep -c '^### ' f.md)" = 2 ] || fail "Markdown is not appended"

# The project's own file.
printf '[check]\nmax_peak = "1K"\nbudget = ["leaks.count<=10", "leaks.count<=9"]\n' >c.toml
HEAPTRACER_CONFIG=c.toml ends 1 a.htrc; says "2 of 3 budgets are broken"
HEAPTRACER_CONFIG=c.toml ends 1 a.htrc --max-peak 1G; says "1 of 3 budgets is broken"

# What cannot be.
ends 2 a.htrc; says "nothing is allowed yet"
ends 2 a.htrc --max-peak lots; says "is not a size"
ends 2 a.htrc --budget 'summary.pek<=3'; says "has no column 'pek'"
ends 2 a.htrc --budget 'nothing.x<=3'; says "there is no table"
ends 2 a.htrc --budget 'summary.peak_bytes=3'; says "says nothing that can hold"
ends 2 a.htrc --budget 'leaks'; says "says nothing that can hold"
ends 2 a.htrc --baseline heap.toml --max-growth -3%; says "never kept"
ends 2 a.htrc --save-baseline heap.json; says "something.toml"
ends 3 a.htrc --baseline nothing.toml; says "nothing.toml cannot be read"
printf 'peak = 3\n' >empty.toml; ends 3 a.htrc --baseline empty.toml; says "holds no figures"
printf '[figures]\npeak = "x"\n' >bad.toml; ends 3 a.htrc --baseline bad.toml; says "bad.toml:2: figures.peak"
printf '[figures]\npeak = 3\n[sites]\npeak = ["x"]\n' >bad.toml; ends 3 a.htrc --baseline bad.toml; says "bad.toml:4: sites.peak"
printf '[figures\n' >bad.toml; ends 3 a.htrc --baseline bad.toml
{ cat heap.toml; head -c 1100000 /dev/zero | tr '\0' '#'; } >large.toml; ends 3 a.htrc --baseline large.toml; says "large.toml has more than 1 MiB"
ends 2 a.htrc --baseline heap.toml --max-growth 5x; says "max-growth: '5x' is not a number, like 0.25 or 25%"
head -c 900 a.htrc >cut.htrc; ends 3 cut.htrc --max-peak 1G
ends 3 cut.htrc --max-peak 1G --save-baseline cut.toml; [ ! -e cut.toml ] || fail "a baseline of half a run"
ends 3 a.htrc --baseline cut.htrc; says "no whole run"
ends 3 "$SOURCE/README.md" --max-peak 1G
echo ok
