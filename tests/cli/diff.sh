#!/usr/bin/env bash
# diff: in traces of a program before and after a change that also moved its lines, out exactly the changes that were planted.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "diff: $*"; exit 1; }

# make NAME LINES_BEFORE KEPT GROWING GONE NEW: blocks that each function leaks; `noisy` leaks as many as its argument says.
make() {
    {
        for ((i = 0; i < $2; i++)); do echo "/* moved */"; done
        cat <<END
#include <stdlib.h>
static void *volatile sink;
static void leak(int count, unsigned size) { for (int i = 0; i < count; i++) sink = malloc(size); }
__attribute__((noinline)) void kept(void) { leak($3, 100); }
__attribute__((noinline)) void growing(void) { leak($4, 1000); }
__attribute__((noinline)) void gone(void) { leak($5, 10); }
__attribute__((noinline)) void fresh(void) { leak($6, 77); }
__attribute__((noinline)) void noisy(int count) { leak(count, 50); }
int main(int count, char **words) { kept(); growing(); gone(); fresh(); noisy(atoi(words[count - 1])); return 0; }
END
    } >"$1.c"
    cc -g -O1 -fno-inline -fno-optimize-sibling-calls "$1.c" -o "$1"
}
make before 0 5 10 7 0
make after 9 5 30 0 3
record() { "$HT" run -q -o "$1.htrc" -- "./$2" "$3"; }
record a1 before 20
record a2 before 26
record b after 23

# verdict,site function,bytes change of the leaks
verdicts() {
    "$HT" diff "$@" --table leaks --json | python3 -c '
import json, sys
page = json.load(sys.stdin)
table = page["tables"][0]
for row in table["rows"]:
    frames = [page["frames"][place]["function"] for place in page["stacks"][str(row["stack"])]]
    print(row["verdict"], next(frame for frame in frames if frame != "leak"), row["bytes_change"], row["bytes_before"], row["bytes_after"])
'
}
verdicts a1.htrc b.htrc >found
cat >wanted <<'END'
grew growing 20000 10000 30000
new fresh 231 0 231
grew noisy 150 1000 1150
gone gone -70 70 0
END
diff wanted found || fail "the planted changes are not the found ones"

verdicts a1.htrc b.htrc --again a2.htrc >found
grep -qx "noise noisy 150 1000 1150" found || fail "what lies between two runs before is no noise: $(cat found)"
verdicts a1.htrc a1.htrc >found
[ ! -s found ] || fail "a trace differs from itself: $(cat found)"

# Every table can be compared, and reading back gives after - before in each row.
"$HT" diff a1.htrc b.htrc --table all --json >all.json
python3 - all.json <<'END'
import json, sys
page = json.load(open(sys.argv[1]))
names = [table["name"] for table in page["tables"]]
for name in ("summary", "leaks", "peak", "hotspots", "sizes", "lifetime", "threads", "processes", "timeline", "flame", "cost"):
    assert name in names, name + " is missing"
def rows(table):
    for row in table["rows"]:
        yield row
for table in page["tables"]:
    amounts = [column["name"][:-7] for column in table["columns"] if column["name"].endswith("_change") and column["kind"].startswith("signed")]
    for row in rows(table):
        for name in amounts:
            assert row[name + "_after"] - row[name + "_before"] == row[name + "_change"], (table["name"], name, row)
flame = next(table for table in page["tables"] if table["name"] == "flame")
assert any(row["verdict"] == "new" for row in flame["rows"]) and any(row["verdict"] == "gone" for row in flame["rows"])
END
"$HT" diff --no-pager a1.htrc b.htrc >page
grep -q "^  Never freed" page || fail "no summary"
grep -q "growing" page || fail "the first page does not name the site"
grep -q "further runs of BEFORE" page || fail "noise is not spoken of"

code() { local got=0; "$@" >out 2>&1 || got=$?; echo $got; }
[ "$(code "$HT" diff a1.htrc b.htrc --fail-on 'leaks.bytes_change>10K')" = 1 ] || fail "--fail-on did not find it"
[ "$(code "$HT" diff a1.htrc b.htrc --fail-on 'leaks.bytes_change>100K')" = 0 ] || fail "--fail-on found too much"
[ "$(code "$HT" diff a1.htrc b.htrc --fail-on 'leaks.nonsense>1')" = 2 ] || fail "an unknown column passed"
[ "$(code "$HT" diff a1.htrc b.htrc --table leakz)" = 2 ] && grep -q "did you mean 'leaks'" out || fail "an unknown table passed"
[ "$(code "$HT" diff a1.htrc)" = 2 ] || fail "one trace is enough"
[ "$(code "$HT" diff a1.htrc none.htrc)" = 3 ] || fail "a missing trace is no error"
head -c $(($(stat -c %s b.htrc) * 2 / 3)) b.htrc >cut.htrc
[ "$(code "$HT" diff a1.htrc cut.htrc)" = 3 ] && grep -q Summary out || fail "a cut trace is not compared as far as it goes"
echo "diff: planted changes found, lines moved or not; noise told from news"
