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
