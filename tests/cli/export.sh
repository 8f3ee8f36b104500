#!/usr/bin/env bash
# export: every format is read back by the tool that it is for, and its totals are ours to the byte; files that are there stay; wrong wishes are said.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "export: $*"; failed=1; }
modules=$("$SOURCE/tests/export/consumers.sh" "$BUILD") || { echo "export: the consumers cannot be installed"; exit 1; }
"$HT" run -q -o leaky.htrc -- "$VICTIMS/leaky" || { echo "export: cannot record"; exit 1; }
"$HT" run -q -o many.htrc -- "$VICTIMS/sym_template" >/dev/null || { echo "export: cannot record"; exit 1; }

mkdir many leaky
python3 "$SOURCE/tests/export/check.py" "$HT" leaky.htrc leaky "$modules" || fail "leaky: totals differ"
python3 "$SOURCE/tests/export/check.py" "$HT" many.htrc many "$modules" || fail "many: totals differ"

code() { # code CODE WORDS...
    local wanted=$1 rc=0
    shift
    "$HT" "$@" >out 2>err || rc=$?
    [ "$rc" = "$wanted" ] || fail "'$*' ends with $rc, not $wanted: $(cat err)"
}
code 0 export leaky.htrc --to massif
[ -s leaky.massif.out ] || fail "the file has not the trace's name"
grep -q "ms_print leaky.massif.out" err || fail "what opens the file is not said: $(cat err)"
echo mine >leaky.folded
code 3 export leaky.htrc --to folded
grep -q -- "--force" err || fail "a file that is there: $(cat err)"
[ "$(cat leaky.folded)" = mine ] || fail "a file that was there is overwritten"
code 0 export leaky.htrc --to folded -f
grep -q "peak 1024000" leaky.folded || fail "--force does not replace"
code 0 export leaky.htrc --to folded -m leaked -o -
grep -qx "_start;.*;main;load;parse_row 10000" out || fail "folded stacks to standard output: $(cat out)"
"$HT" export - --to csv -o - <leaky.htrc | cmp - <("$HT" export leaky.htrc --to csv -o -) || fail "a trace from a pipe is exported otherwise"
code 2 export - --to csv
code 2 export leaky.htrc
code 2 export leaky.htrc --to pproff
grep -q "did you mean 'pprof'" err || fail "no hint: $(cat err)"
code 2 export leaky.htrc --to csv --metric peak
code 2 export leaky.htrc --to heaptrack --from 1s
code 3 export leaky.htrc --to csv -o "$work/none/x"
code 3 export leaky.htrc --to json -o /dev/full
code 3 export leaky.htrc --to pprof -o /dev/full
code 3 export none.htrc --to csv
[ ! -e none.csv ] || fail "a file is left of a trace that is not there"
head -c $(($(stat -c %s leaky.htrc) * 6 / 10)) leaky.htrc >cut.htrc
code 3 export cut.htrc --to json -f
python3 -c 'import json; assert json.load(open("cut.json"))["problem"]' || fail "a cut trace's JSON does not say so"
"$HT" run -q --sample 4K -o sampled.htrc -- "$VICTIMS/leaky" || fail "cannot sample"
code 2 export sampled.htrc --to heaptrack
code 0 export sampled.htrc --to pprof
script -qec "'$HT' export leaky.htrc --to pprof -o -" /dev/null >out 2>&1 && fail "a terminal gets compressed bytes"
exit $failed
