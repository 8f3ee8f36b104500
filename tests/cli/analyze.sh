#!/usr/bin/env bash
# analyze: a program with known leaks, peak and hotspots is recorded; tables, formats, gates, pipes and cut traces are what they should be.
# HT_ACCEPT=1 takes the pages as they are now for the expected ones.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR PAGER COLUMNS
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trace=$work/leaky.htrc
cd "$work" || exit 1
fail() { echo "analyze: $*"; failed=1; }
"$HT" run -q -o "$trace" -- "$VICTIMS/leaky" || { echo "analyze: cannot record"; exit 1; }

page() { # page NAME WORDS...: the page without its head, whose date and kernel differ, against the expected one
    local expected=$SOURCE/tests/cli/expected/$1.txt
    shift
    "$HT" analyze leaky.htrc --width 100 "$@" 2>"$work/err" | sed -E "1,2d; s#($SOURCE/|\.\./)tests#SOURCE/tests#g" >"$work/page"
    if [ -n "${HT_ACCEPT:-}" ]; then cp "$work/page" "$expected"; fi
    diff "$expected" "$work/page" || fail "'$*' is not as in $expected (HT_ACCEPT=1 accepts it)"
    [ ! -s "$work/err" ] || fail "'$*' says $(cat "$work/err")"
}
page leaks --table leaks --columns bytes,count,share,largest_bytes,stack
page leaks.stacks --table leaks --columns bytes,count,stack --stacks
page peak --table peak
page hotspots --table hotspots --columns allocated_bytes,allocations,frees,live_bytes,stack --limit 3
page hotspots.sorted --table hotspots --columns allocations,stack --sort +allocations
page temporary --table temporary --columns count,share,bytes,stack
page sizes --table common_sizes --exact
page realloc --table realloc --columns resizes,grew,longest_chain,stack
page flame --table flame
page flame.sorted --table flame --sort leaked_bytes

code() { # code CODE WORDS...
    local wanted=$1 rc=0
    shift
    "$HT" "$@" >"$work/out" 2>"$work/err" || rc=$?
    [ "$rc" = "$wanted" ] || fail "'$*' ends with $rc, not $wanted: $(cat "$work/err")"
}
code 0 analyze leaky.htrc
for part in "Never freed" "parse_row (leaky.c:" "Peak" "Hotspots" "Temporary blocks"; do grep -qF "$part" "$work/out" || fail "the first page lacks '$part'"; done
code 1 analyze leaky.htrc --fail-on leaks
code 1 analyze leaky.htrc --table summary --fail-on 'leaks.bytes>9K'
code 1 analyze leaky.htrc --table summary --fail-on 'summary.refused>0,leaks.bytes>9K'
code 0 analyze leaky.htrc --table summary --fail-on 'leaks.bytes>10K' --fail-on 'summary.refused>0'
code 0 analyze leaky.htrc --table summary --columns events --sort events --fail-on 'leaks.bytes>10K'
code 2 analyze leaky.htrc --table summary --columns source
[ "$("$HT" analyze leaky.htrc --table leaks --columns source,count --csv --limit 1 | tr -d '\r')" = "source,count
,$("$HT" analyze leaky.htrc --table leaks --columns count --csv --limit 1 | tr -d '\r' | tail -1)" ] || fail "a column of sources is there for those who ask, if empty"
code 0 analyze leaky.htrc --table all --json -o all.json
python3 "$SOURCE/tests/cli/check_tables.py" "$SOURCE/docs/json-schema/tables.schema.json" all.json || fail "JSON does not follow its schema"
python3 - <<'P' || fail "JSON does not say what the program did"
import json
page = json.load(open("all.json"))
tables = {table["name"]: table for table in page["tables"]}
assert page["complete"] and page["problem"] is None
leak = tables["leaks"]["rows"][0]
assert (leak["bytes"], leak["count"]) == (10000, 10), leak
names = [page["frames"][place]["function"] for place in page["stacks"][str(leak["stack"])] if page["frames"][place]["role"] == "program"]
assert names == ["parse_row", "load", "main"], names
summary = tables["summary"]["rows"][0]
assert summary["leaked_bytes"] == 10000 + 3 * 27 and summary["allocations"] == 117 and summary["resizes"] == 12, summary
P
code 0 analyze leaky.htrc --table leaks --csv
python3 - "$work/out" <<'P' || fail "CSV does not read back"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline=""), strict=True))
assert rows[0]["bytes"] == "10000" and rows[0]["stack"].split(";")[0].split()[0] == "parse_row", rows[0]
P
"$HT" analyze - --table leaks --csv <leaky.htrc | cmp - "$work/out" || fail "a trace from a pipe is read otherwise"
code 0 dump leaky.htrc --json -o events.jsonl
python3 "$SOURCE/tests/cli/check_events.py" "$SOURCE/docs/json-schema/event.schema.json" events.jsonl || fail "events do not follow their schema"
[ "$(grep -c '"kind": "alloc"' events.jsonl)" = 105 ] || fail "not 105 allocations: $(grep -c '"kind": "alloc"' events.jsonl)"
code 0 dump leaky.htrc --kind alloc --limit 7
[ "$(wc -l <"$work/out")" = 7 ] || fail "dump --limit 7 prints $(wc -l <"$work/out") lines"
code 0 dump leaky.htrc --no-definitions
grep -q ' frame id=' "$work/out" && fail "--no-definitions prints a frame"
code 0 info leaky.htrc --json -o info.json
python3 "$SOURCE/tests/cli/check_tables.py" "$SOURCE/docs/json-schema/tables.schema.json" info.json || fail "info's JSON does not follow its schema"
code 0 info leaky.htrc
grep -qF "victims/leaky" "$work/out" || fail "info does not name the program"
code 0 analyze leaky.htrc --quick
grep -q "9.8 KiB" "$work/out" || fail "--quick does not know the leak: $(cat "$work/out")"

head -c $(($(stat -c %s leaky.htrc) * 6 / 10)) leaky.htrc >cut.htrc
code 3 analyze cut.htrc
grep -q "cut.htrc" "$work/err" || fail "a cut trace is not named: $(cat "$work/err")"
[ "$(wc -l <"$work/err")" = 1 ] || fail "a cut trace needs more than one line: $(cat "$work/err")"
code 3 analyze cut.htrc --quick
code 3 analyze leaky.htrc -o /dev/full
code 3 analyze leaky.htrc -o "$work/none/x"

"$HT" analyze leaky.htrc --color always | grep -q $'\033\[' || fail "--color always has no colour"
"$HT" analyze leaky.htrc | grep -q $'\033\[' && fail "a pipe gets colours"
LC_ALL=C "$HT" analyze leaky.htrc --table flame | LC_ALL=C grep -q $'[\x80-\xff]' && fail "a page in the C locale is not ASCII"
for name in heapmap heap-map; do
    "$HT" analyze leaky.htrc --table $name --json | grep -q '"name":"heap_map"\|"name": "heap_map"' || fail "$name is not heap_map"
done
exit $failed
