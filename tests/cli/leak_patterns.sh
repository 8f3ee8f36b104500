#!/usr/bin/env bash
# leak_patterns: in programs that leak in one known way each, and in such that nearly do, out the pattern, the confidence and the evidence of each, and that what is
# right is called no leak.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; cat rows 2>&1; exit 1; }
rows() { "$HT" leaks "$1" --all --json >out.json && python3 -c '
import json
tables = {t["name"]: t for t in json.load(open("out.json"))["tables"]}
for r in tables["reach"]["rows"]:
    print("|".join([r["class"], r["pattern"], str(round(r["confidence"] * 100)), r["kind"], r["resource"], r["evidence"]]))' >rows; }
look() { "$HT" run -q -f --leaks -o a.htrc -- "$@" </dev/null >said 2>&1 || fail "$*: $(cat said)"; rows a.htrc; }
# leaks PATTERN LINE: such a row is there, at the third try if need be: on a machine that stands still for a while nothing grows steadily. good: none above 50 %.
leaks() {
    for _ in 1 2 3; do
        look "$VICTIMS/leak_patterns" "$1"
        grep -qE "$2" rows && return
    done
    fail "$1: not $2"
}
good() { look "$VICTIMS/leak_patterns" "$1" good; awk -F'|' '$3 > 50 { exit 1 }' rows || fail "$1: a false alarm"; }
both() { leaks "$@"; good "$1"; }

both growing '^reachable\|growing\|[5-9][0-9]\|memory\|\|.*its live bytes rose by [0-9.]+ KiB, in (9[0-9]|100) % of all pairs'
grep -qE '^reachable\|[a-z]*\|[12][0-9]\|' rows || fail "a cache with a bound"
both concatenation '^reachable\|growing\|[5-9][0-9]\|memory\|\|its live bytes rose'
leaks orphaned '^direct\|orphaned\|95\|memory\|\|$'; good orphaned
both circle '^direct\|circular reference\|95\|memory\|\|a circle of 3 blocks'
both thread '^direct\|thread leak\|9[5-9]\|memory\|\|the threads that made them ended before'
both switch '^reachable\|outlived its mark\|[5-9][0-9]\|memory\|\|blocks of 6 of 6 phases between marks outlived their phase'
both mutex '^direct\|mutex\|95\|resource\|mutex\|'
both callback '^direct\|callback\|95\|memory\|\|'
both file '^reachable\|open file\|60\|resource\|open file\|only the C library'
leaks held_file '^reachable\|open file\|10\|resource\|open file\|$'; awk -F'|' '$3 > 50 { exit 1 }' rows || fail "a file that is held: a false alarm"
both fragmentation '^reachable\|\|10\|fragmentation\|\|$'
grep -q '|fragmentation|' rows && fail "blocks side by side pin nothing"
"$HT" run -q -f --leaks -o a.htrc -- "$VICTIMS/leak_patterns" fragmentation && "$HT" leaks a.htrc >page
grep -q '^fragmentation: 1 stack keeps .* KiB of pages from going back' page || fail "the line about fragmentation: $(cat page)"
look "$VICTIMS/leak_control_block"; grep -qE '^direct\|control block\|95\|' rows || fail "shared pointers in a circle"
look "$VICTIMS/leak_control_block" good; awk -F'|' '$3 > 50 { exit 1 }' rows || fail "a weak pointer: a false alarm"

# What looks at a living program find one after the other.
looks() {
    rm -f go out; mkfifo go
    "$HT" run -q -f -o b.htrc -- "$VICTIMS/leak_patterns" looks "$@" <go >out 2>said & run=$!
    exec 7>go
    for turn in 1 2 3 4; do
        until_true '[ "$(grep -c ready out)" = $turn ]'
        pid=$(pgrep -P $run | head -1)
        "$HT" leaks "$pid" >page || fail "look $turn"
        [ $turn = 4 ] || echo >&7
    done
    exec 7>&-; wait $run; rows b.htrc
}
looks; grep -qE '^reachable\|growing\|[5-9][0-9]\|.*each of 4 looks at the process found more' rows || fail "four looks"
looks good; awk -F'|' '$3 > 50 { exit 1 }' rows || fail "four looks at a program that is right"

# Windows: only what was made between two marks, or in the Nth round.
"$HT" run -q -f --leaks -o c.htrc -- "$VICTIMS/leak_patterns" switch
stacks() { "$HT" leaks c.htrc --all --json "$@" >out.json; python3 -c 'import json; print(sum(len(t["rows"]) for t in json.load(open("out.json"))["tables"] if t["name"] == "reach"))'; }
[ "$(stacks)" = 2 ] && [ "$(stacks --since effect)" = 1 ] && [ "$(stacks --since 'effect#6')" = 1 ] && [ "$(stacks --since done)" = 0 ] || fail "--since"
[ "$(stacks --between 'effect#2,effect#3')" = 1 ] && [ "$(stacks --between 'done,done')" = 0 ] || fail "--between"
[ "$(stacks --iteration 'effect#3')" = 1 ] && [ "$(stacks --iteration done)" = 0 ] || fail "--iteration"
"$HT" leaks c.htrc --iteration 'effect#7' 2>err; [ $? = 2 ] && grep -q "no mark 'effect#7'" err || fail "a round that was not"

# Memory of which only the user knows: what counts as a pointer, as a root, as a heap.
classes() {
    "$HT" run -q -f --leaks -o f.htrc "$@" -- "$VICTIMS/leak_regions" 2>said || fail "$*: $(cat said)"
    "$HT" dump --kind scan_site --json f.htrc | python3 -c '
import json, sys
of = {e["size"]: e["class"] for e in map(json.loads, sys.stdin)}
print(*(of.get(size) for size in (301, 302, 303)))'
}
[ "$(classes)" = "direct reachable direct" ] || fail "regions nobody named: $(classes)"
[ "$(classes --tag-bits 56-63)" = "reachable reachable direct" ] || fail "--tag-bits"
[ "$(classes --tag-bits 0x4200000000000000 --heap-region pool)" = "reachable direct direct" ] || fail "--heap-region"
[ "$(classes --heap-region pool+616)" = "direct reachable direct" ] || fail "--heap-region with a size"
[ "$(classes --root 0x21ffff000+4K)" = "direct reachable reachable" ] || fail "--root"
"$HT" run -q -f --leaks --root nobody -o f.htrc -- "$VICTIMS/leak_regions" 2>said; grep -q "has no variable 'nobody'" said || fail "a variable that is not there"
for bad in "--tag-bits 64" "--tag-bits 3-1" "--tag-bits x" "--tag-bits 0x" "--root 0x5000" "--root +5" "--heap-region pool+many"; do
    "$HT" run -q -f --leaks $bad -o f.htrc -- true 2>said; [ $? = 2 ] || fail "$bad was taken"
done

# valgrind's own rules are read whole; its names of C++ functions are the linker's.
for file in /usr/libexec/valgrind/default.supp /usr/lib/valgrind/*.supp; do
    [ ! -e "$file" ] || "$HT" leaks c.htrc --suppressions "$file" >page || fail "$file: $(cat page)"
done
"$HT" run -q -f --leaks -o e.htrc -- "$VICTIMS/leak_control_block"
printf '{\n met\n Memcheck:Leak\n fun:_Znwm\n ...\n fun:_ZL4meetb\n}\n' >cxx.supp
"$HT" leaks e.htrc --fail-on leak --suppressions cxx.supp >page || fail "names of C++ functions: $(cat page)"

# What functions make is told by the user, too, and by analyze.
printf '# ours\nmutex: node_new\n' >names
"$HT" leaks c.htrc --all --names names --json | grep -q '"kind": "resource", "resource": "mutex"' || fail "--names"
"$HT" run -q -f --leaks -o d.htrc -- "$VICTIMS/leak_patterns" file
"$HT" analyze d.htrc --table reach --json | grep -q '"resource": "open file"' || fail "names in analyze"
for gate in leak:0 possible:1 error:0 'reach.confidence>99%:0'; do
    "$HT" analyze d.htrc --table summary --fail-on "${gate%:*}" >page; [ $? = "${gate##*:}" ] || fail "analyze --fail-on $gate"
done
"$HT" leaks d.htrc --fail-on 'leaks.bytes>1' 2>err; [ $? = 2 ] || fail "a gate about another table"
exit 0
