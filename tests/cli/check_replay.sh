#!/usr/bin/env bash
# check_replay: in a run, an allocator and budgets, out which are kept by the replay on it: each figure is the one that replay tells, and a broken one says who was refused.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HEAPTRACER_CONFIG=none
fail() { echo "FAIL: $*"; exit 1; }
ends() { local wanted=$1; shift; "$HT" check "$@" >page 2>said; local got=$?; [ $got = "$wanted" ] || { cat page said; fail "check $* ends with $got, not $wanted"; }; }
says() { grep -q -- "$1" page said || { cat page said; fail "nobody says '$1'"; }; }
figure() { jq -r ".tables[] | select(.name == \"replay\").rows[0].$1" replay.json; }

"$HT" run -q -o a.htrc -- "$VICTIMS/leaky" || fail run
on=(--allocator tlsf-esp --arena 1M)
"$HT" replay a.htrc "${on[@]}" --fit --json >replay.json || fail replay
taken=$(figure peak_taken_bytes) smallest=$(figure smallest_bytes) fragmentation=$(figure fragmentation_end) moves=$(figure moves)
[ "$taken" -gt 1034000 ] && [ "$smallest" -ge "$taken" ] && [ "$smallest" -lt 1048576 ] && [ "$(figure refusals)" = 0 ] || fail "the replay is not what this test is about"

# Each figure of the replay just kept, and just broken.
ends 0 a.htrc "${on[@]}" --max-peak "$taken" --max-arena "$smallest" --max-refused 0 --max-leaks 10081 --max-allocations 117 --budget "replay.moves<=$moves"
says "all 6 budgets are kept"; says "replayed on tlsf-esp in 1.0 MiB"
ends 1 a.htrc "${on[@]}" --max-peak $((taken - 1)); says "FAIL .*peak of taken memory"; says "peak (leaky.c"
ends 1 a.htrc "${on[@]}" --max-arena $((smallest - 1)); says "FAIL .*smallest arena"
ends 1 a.htrc "${on[@]}" --max-fragmentation "$(python3 -c "print($fragmentation - 0.001)")"; says "FAIL .*fragmentation"
ends 0 a.htrc "${on[@]}" --max-fragmentation "$(python3 -c "print($fragmentation + 0.001)")"
ends 1 a.htrc "${on[@]}" --max-leaks 10080; says "parse_row (leaky.c"
ends 1 a.htrc "${on[@]}" --budget "replay.moves<$moves"

# An arena that is too small: who was refused is named, for build servers too.
ends 1 a.htrc --allocator tlsf-esp --arena 900K --max-refused 0 --junit f.xml --sarif f.sarif --markdown f.md --source-root "$SOURCE"
says "FAIL .*refused requests"; says "peak (leaky.c"
python=python3
$python -c 'import junitparser' 2>err || python=/usr/bin/python3
$python "$SOURCE/tests/cli/check_findings.py" f.sarif f.xml budget/refused=1 >/dev/null || fail "the files for build servers"
grep -q '^| FAIL | refused requests | ' f.md || fail "Markdown: $(cat f.md)"
ends 0 a.htrc --max-refused 0 # as it was recorded
ends 0 - "${on[@]}" --max-refused 0 <a.htrc

# Baselines of a replay: a trace is replayed, a saved one says what it is of.
ends 0 a.htrc "${on[@]}" --save-baseline heap.toml
grep -q "^peak = $taken\$" heap.toml && grep -q "^arena = $smallest\$" heap.toml && grep -q '^replayed_on = "tlsf-esp 1M"$' heap.toml || fail "the baseline: $(cat heap.toml)"
for baseline in heap.toml a.htrc; do
    ends 0 a.htrc "${on[@]}" --baseline $baseline --max-growth 0
    says "all 5 budgets are kept"; says "growth of smallest arena"
done
sed "s/^arena = .*/arena = $((smallest - 1))/" heap.toml >less.toml
ends 1 a.htrc "${on[@]}" --baseline less.toml --max-growth 0; says "FAIL .*growth of smallest arena"
ends 2 a.htrc --baseline heap.toml; says "figures of a replay on tlsf-esp 1M, not of the recorded run"
ends 2 a.htrc --allocator heap_4 --arena 1M --baseline heap.toml; says "not of a replay on heap_4 1M"
ends 0 a.htrc --save-baseline plain.toml; grep -q '^arena\|replayed_on' plain.toml && fail "an arena of no replay"
ends 2 a.htrc "${on[@]}" --baseline plain.toml; says "figures of the recorded run"

# The project's own file.
printf '[check]\nallocator = "tlsf-esp"\narena = ["900K"]\nmax_refused = "0"\nmax_arena = "2M"\n' >c.toml
HEAPTRACER_CONFIG=c.toml ends 1 a.htrc; says "1 of 2 budgets is broken"

# What cannot be.
ends 2 a.htrc --max-arena 64K; says "say on which allocator"
ends 2 a.htrc --arena 64K --max-peak 1; says "say on which allocator"
ends 2 a.htrc --budget 'replay.moves<=3'; says "say on which allocator"
ends 2 a.htrc "${on[@]}" --budget 'replay.muves<=3'; says "did you mean 'moves'"
ends 2 a.htrc --allocator heap_9 --max-refused 0; says "is no allocator"
ends 2 a.htrc --allocator heap_4 --arena lots --max-refused 0
ends 2 a.htrc --allocator heap_4 --arena OTHER=64K --max-refused 0
head -c 900 a.htrc >cut.htrc; ends 3 cut.htrc "${on[@]}" --max-refused 0
ends 3 a.htrc "${on[@]}" --baseline cut.htrc; says "no whole run"
echo ok
