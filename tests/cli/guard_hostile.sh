# guard_hostile: in programs that break the heap on purpose, what the guard keeps there too, or interrupt it in handlers, out that they end as without it, that each
# broken block is told once, and that the tool ends in order and says what it could not see.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; head -50 said; exit 1; }
run() { timeout 200 "$HT" run -f --leaks -o a.htrc "$@" >out 2>said </dev/null; }

kinds=0
# hostile WAY STATUS FAULTS [WORD] (STATUS may be of some): with heads and tails alone; then the same with pages. FAULTS is how many there are, - any number.
hostile() {
    local mode=$1 way=$2 status=$3 faults=$4 word=${5:-}
    run $mode -- "$VICTIMS/guard_hostile" "$way"
    local got=$?
    [[ $got =~ ^($status)$ ]] || fail "$mode $way: ended with $got"
    [ "$faults" = - ] || [ "$faults" = 0 ] || grep -q "^heaptracer: $faults faults\?:" said || fail "$mode $way: not $faults faults"
    [ "$faults" != 0 ] || grep -q "^heaptracer: no faults" said || fail "$mode $way: a false alarm"
    [ -z "$word" ] || grep -q "$word" said || fail "$mode $way: no '$word'"
    timeout 200 "$HT" analyze --table faults a.htrc >table 2>&1 || fail "$mode $way: the trace"
    kinds=$((kinds + 1))
}
tails="--guard --guard-every 0"
hostile "$tails" smash_tails 0 64 "^  overflow: .* of 60 B, 4 bad bytes, from 0 behind its end .*found by free"
hostile "$tails" smash_heads 0 64 "^  metadata broken: .*found by free"
hostile "$tails" smash_all 0 64 "^  metadata broken: .*found by free"
hostile "$tails" smash_freed 0 64 "^  use after free: .* of 64 B, 64 bad bytes"
hostile "$tails" free_canaries 0 128 "^  wild free: 0x"
hostile "$tails" forge_heads 0 64 "^  interior free: .* of 256 B"
hostile "$tails" unmap 0 0
hostile "$tails" tick 0 0
hostile "$tails" fork_in_handler 0 0
hostile "$tails" jump_out "0|134|139" - # the C library may find its own heap broken by such a jump, with us or without
hostile "$tails" dies_in_the_scan 137 0 "^  leaks: \|has ended"
half=$kinds
full=--guard=full
hostile $full smash_tails 0 64 "^  overflow: .* of 60 B, 4 bad bytes, from 0 behind its end .*found by free"
hostile $full smash_heads 0 64 "^  underflow: .* of 64 B, 16 bad bytes, from 16 before it"
hostile $full smash_all 0 64 "^  underflow: "
hostile $full smash_freed 139 1 "found by guard page"
hostile $full free_canaries 0 128 "^  wild free: 0x"
hostile $full forge_heads 0 64 "^  interior free: .* of 256 B"
hostile $full unmap 0 0
hostile $full tick 0 0
hostile $full fork_in_handler 0 0
hostile $full jump_out "0|134|139" - "blocks did not end at a guard page"
hostile $full dies_in_the_scan 137 - "^  leaks: \|has ended"
[ "$half" = "$("$VICTIMS/guard_hostile" | wc -l)" ] && [ "$kinds" = $((2 * half)) ] || fail "a way was left out"
echo ok
