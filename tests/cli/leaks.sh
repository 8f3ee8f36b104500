#!/usr/bin/env bash
# leaks: in programs that lose blocks in known ways, out the class of every block, however they end; suppressions, gates and who points to what.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }

# The nine ways in which pointers lead to blocks, and circles: size of a block -> its class.
wanted="101 reachable;102 reachable;112 reachable;103 direct;104 direct;114 indirect;105 possible;106 reachable;116 possible;107 possible;117 possible;"
wanted+="108 possible;118 possible;109 direct;119 indirect;201 direct;202 indirect;203 indirect;204 indirect;205 direct;206 indirect"
look() {
    "$HT" dump --kind scan_site --json "$1" | python3 -c '
import json, sys
of = dict(row.split() for row in sys.argv[1].split(";"))
seen = {str(e["size"]): e["class"] for e in map(json.loads, sys.stdin)}
sys.exit("\n".join(f"{size}: {seen.get(size)} instead of {want}" for size, want in of.items() if seen.get(size) != want) or None)' "$wanted"
}
for how in "" _exit abort; do
    "$HT" run -q -f --leaks -o a.htrc -- "$VICTIMS/reach_cases" $how 2>said
    look a.htrc || fail "classes of a program that ends by '$how'"
    [ -s said ] && fail "said $(cat said)"
done
"$HT" run -f --leaks -o a.htrc -- "$VICTIMS/reach_cases" 2>said || fail "its own exit status"
grep -q 'leaks: 722 B lost and 1.0 KiB with it, 671 B possibly' said || fail "the line at the end: $(cat said)"

"$HT" leaks a.htrc >out || fail "leaks"
grep -q 'circular reference' out || fail "no circle"
"$HT" leaks a.htrc --fail-on leak >/dev/null; [ $? = 1 ] || fail "--fail-on leak"
printf 'leak:make_circles\n# known\n{\n  cases\n  Memcheck:Leak\n  fun:malloc\n  fun:make\n  fun:make_cases\n}\n' >known
"$HT" leaks a.htrc --fail-on leak --suppressions known >out || fail "all of it is suppressed"
grep -q 'leak:make_circles  *6  *6 ' out && grep -q 'cases  *15 ' out || fail "how often rules matched: $(cat out)"
echo 'nonsense' >bad
"$HT" leaks a.htrc --suppressions bad 2>err; [ $? = 2 ] && grep -q 'bad:1' err || fail "a bad suppression"
address=$("$HT" dump --kind scan_block a.htrc | sed -n 's/.*class=possible address=\(0x[0-9a-f]*\) size=116 .*/\1/p')
"$HT" leaks a.htrc --why "$address" | grep -q 'reach_cases.* > 0x[0-9a-f]* (106 bytes)' || fail "--why"
"$HT" leaks a.htrc --json | python3 -c 'import json, sys; t = json.load(sys.stdin)["tables"]; sys.exit(not any(x["name"] == "reach" for x in t))' || fail "--json"

# A trace in which nobody looked; a process that is killed; children; a sampled trace.
"$HT" run -q -f -o b.htrc -- "$VICTIMS/reach_cases"
"$HT" leaks b.htrc 2>err; [ $? = 2 ] && grep -q 'run --leaks' err || fail "a trace without a look"
"$HT" run -f --leaks -o c.htrc -- sh -c 'kill -9 $$' 2>said; [ $? = 137 ] || fail "the status of a killed program"
"$HT" run -q -f --leaks -o d.htrc -- sh -c "'$VICTIMS/reach_cases'; '$VICTIMS/reach_cases' _exit; exit 7"; [ $? = 7 ] || fail "the status of a shell"
[ "$("$HT" dump --kind scan_site d.htrc | grep -c 'class=direct .*size=103 ')" = 2 ] || fail "children"
# A block of a forked child that only a block of its parent's holds is not lost, nor is the parent's in the child.
"$HT" run -q -f --leaks -o g.htrc -- "$VICTIMS/reach_hard" fork || fail "a forked child"
[ "$("$HT" dump --kind scan_site g.htrc | grep -o 'class=[a-z]* .*size=40[0-9]' | sed 's/class=\([a-z]*\) .*size=/\1 /' | sort | tr '\n' ';')" = "direct 403;reachable 401;reachable 402;" ] ||
    fail "an inherited heap: $("$HT" dump --kind scan_site g.htrc)"
"$HT" run -q -f --leaks --sample 1K -o e.htrc -- true 2>err; [ $? = 2 ] || fail "--sample"
exit 0
