#!/usr/bin/env bash
# advise: in a program in which a mistake was planted, out the change that mends it with what it gains; in its mended twin, nothing.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "advise: $*"; exit 1; }
cat >growing.c <<'END'
#include <stdlib.h>
static void *held[64];
static char *text;
static unsigned used, room;
__attribute__((noinline)) void *reading(void) { return malloc(40); }
__attribute__((noinline)) void log_line(void)
{
    used += 16;
    if (used > room)
        text = realloc(text, room = STEP);
}
int main(void)
{
    for (unsigned i = 0; i < 64; i++)
        held[i] = reading();
    for (unsigned i = 0; i < 2400; i++) {
        unsigned k = i * 7 % 64;
        if (i % 6 == 0)
            log_line();
        if (i % 9 == 0) {
            free(held[k]);
            held[k] = reading();
        }
    }
    return 0;
}
END
for kind in growing mended; do
    step=used; [ $kind = growing ] || step='8192'
    cc -g -O1 -fno-inline -fno-optimize-sibling-calls -DSTEP="$step" growing.c -o $kind
    "$HT" run -q -o $kind.htrc -- ./$kind
    "$HT" advise $kind.htrc --allocator heap_4 --arena 32K --json >$kind.json || fail "advise of $kind ends with $?"
done
python3 - <<'END' || fail "the advice is another one"
import json, sys
def rows(name):
    page = json.load(open(name + ".json"))
    table = page["tables"][0]
    return page, [row for row in table["rows"] if row["change"] != "pool"]
page, growing = rows("growing")
first = growing[0]
assert first["change"] == "growth" and first["calls_saved"] > 300 and first["copied_saved_bytes"] > 100000, first
site = [page["frames"][place]["function"] for place in page["stacks"][str(first["stack"])]]
assert "log_line" in site, site
assert "were tried" in page["tables"][0]["note"]
page, mended = rows("mended")
assert not [row for row in mended if row["change"] == "growth"], mended
END
rc=0; "$HT" advise growing.htrc --allocator heap_4 --arena 32K --fail-on 'advice.priority>0' >/dev/null || rc=$?
[ $rc = 1 ] || fail "--fail-on ends with $rc"
"$HT" analyze growing.htrc --table advice --allocator heap_4 --arena 32K --json | sed 1,/tables/d >analyzed
sed 1,/tables/d growing.json | diff - analyzed || fail "analyze --table advice says something else than advise"
rc=0; said=$("$HT" advise growing.htrc --allocator nonsense 2>&1) || rc=$?
[ $rc = 2 ] && [[ $said == *"is no allocator"* ]] || fail "a wrong allocator ends with $rc: $said"

# Real allocators are measured for a program of this machine: blocks of 8 bytes take 32 of glibc's; blocks of 1016 bytes 1024 of anybody's.
cat >tiny.c <<'END'
#include <stdlib.h>
#include <string.h>
int main(void)
{
    static void *held[150000];
    for (unsigned i = 0; i < BLOCKS; i++)
        memset(held[i] = malloc(SIZE), 1, SIZE);
    for (unsigned i = 0; i < BLOCKS; i++)
        free(held[i]);
    return 0;
}
END
for kind in "tiny 8 150000" "even 1016 3000"; do
    read -r name size blocks <<<"$kind"
    cc -O1 -DSIZE=$size -DBLOCKS=$blocks tiny.c -o "$name"
    "$HT" run -q -o "$name.htrc" -- ./"$name"
    "$HT" advise "$name.htrc" --json >"$name.json" || fail "advise of $name ends with $?"
done
python3 - <<'END' || fail "real allocators"
import json
tables = {name: json.load(open(name + ".json"))["tables"][0] for name in ("tiny", "even")}
real = {name: [row for row in table["rows"] if "the real" in row["advice"]] for name, table in tables.items()}
for table in tables.values():
    assert "real allocators were measured, the most that was resident: real-glibc " in table["note"], table["note"]
installed = [name for name in ("jemalloc", "mimalloc", "tcmalloc", "musl") if "real-" + name + " not installed" not in tables["tiny"]["note"]]
assert len(real["tiny"]) == len(installed) > 0 and all(row["change"] == "allocator" and row["saved_bytes"] > 2000000 and row["saved_share"] > 0.4 for row in real["tiny"]), (installed, real["tiny"])
assert [row["priority"] for row in real["tiny"]] == sorted((row["priority"] for row in real["tiny"]), reverse=True)
assert not real["even"], real["even"]
END

# The report has the same advice in each of its forms; the twin's has none of that kind.
on=(--allocator heap_4 --arena 32K)
"$HT" report growing.htrc "${on[@]}" --json >report.json
"$HT" report growing.htrc "${on[@]}" --format json >health.json
python3 - "$SOURCE/tests/cli" <<'END' || fail "the report has another advice"
import json, sys
sys.path.insert(0, sys.argv[1])
import json_schema
said = {row["advice"]: row for row in json.load(open("growing.json"))["tables"][0]["rows"]}
report, health = json.load(open("report.json")), json.load(open("health.json"))
table = [table for table in report["tables"] if table["name"] == "advice"][0]
for rows in (table["rows"], report["health"]["advice"], health["advice"]):
    assert [row["advice"] for row in rows] == list(said), rows
    assert all(row[name] == said[row["advice"]][name] for row in rows for name in ("saved_bytes", "calls_saved", "lines", "priority")), rows
def function(page, place):
    return page["frames"][page["stacks"]["frame"][place]]["function"]
for page, rows in ((report, table["rows"]), (report, report["health"]["advice"]), (health, health["advice"])):
    assert function(page, rows[0]["stack"]) == "log_line", function(page, rows[0]["stack"])
problems = []
json_schema.validate(health, json_schema.SCHEMAS["heaptracer.health/1"], json_schema.SCHEMAS["heaptracer.health/1"], "", problems)
assert not problems, problems
END
"$HT" report growing.htrc "${on[@]}" --format text >text
grep -q "^ADVICE THAT WAS REPLAYED" text && grep -A1 "1. let realloc grow" text | grep -q "at log_line" && tr -s '\n ' ' ' <text | grep -q "less copied; effort: 1 place, about 3 lines; priority" || fail "the text: $(cat text)"
"$HT" report growing.htrc "${on[@]}" --format markdown | grep -q '^1. \*\*let realloc grow the block' || fail "Markdown"
"$HT" report mended.htrc "${on[@]}" --format text | grep -q "let realloc grow" && fail "the twin is advised to grow"
"$HT" report growing.htrc --format text | grep -q "changes were tried on glibc" || fail "a program of 64 bits has glibc"
"$HT" report growing.htrc "${on[@]}" --advice none --format text | grep -q ADVICE && fail "--advice none"
"$HT" report growing.htrc --from 1us --format json | jq -e 'has("advice") | not' >/dev/null || fail "advice on a part of a run"
rc=0; "$HT" report growing.htrc --advice all --from 1us --format json >/dev/null 2>&1 || rc=$?
[ $rc = 2 ] || fail "--advice all on a part of a run ends with $rc"
rc=0; "$HT" report growing.htrc --allocator nonsense --format json >/dev/null 2>&1 || rc=$?
[ $rc = 2 ] || fail "a wrong allocator of a report ends with $rc"
"$HT" run -q -o many.htrc -- "$VICTIMS/many_requests" >/dev/null
"$HT" report many.htrc --format text | grep -q "requests are not replayed for a report: 'heaptracer advise" || fail "a long run is replayed by a report, or it is not said"
