# guard_ends: in a program that wrote behind a block and ends in each way there is, out that the write is told, once for each process; or that nobody looked.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; cat said; exit 1; }
run() { timeout 200 "$HT" run -q -f -o a.htrc "$@" >out 2>said </dev/null; }

# ways STATUS FAULTS WAY...
kinds=0
ways() {
    local status=$1 faults=$2 way
    shift 2
    for way; do
        for mode in --guard --guard=full; do
            run $mode -- "$VICTIMS/guard_ends" "$way"
            [ $? = "$status" ] || fail "$mode $way: status"
            [ $way != crash ] || grep -q '^  wild write: 0x8; found by crash' said || fail "$mode $way: the crash itself"
            [ "$(grep -c '^  overflow: .* of 21 B, 1 bad byte, .*; found by exit' said)" = "$faults" ] || fail "$mode $way: not $faults faults"
            [ "$faults" = 0 ] && ! grep -q "were not looked for, since no process came to its end" said && fail "$mode $way: it does not say what it could not see"
            run $mode -- "$VICTIMS/guard_ends" "$way" good
            grep -q "^  overflow" said && fail "$mode $way: a false alarm"
        done
        kinds=$((kinds + 1))
    done
}
ways 0 1 return exit _exit _Exit quick_exit handler twice
ways 134 1 abort assert
ways 139 1 crash
ways 0 2 fork_in_handler # the child has a copy of it
ways 0 0 call
ways 137 0 kill
[ "$kinds" = "$("$VICTIMS/guard_ends" | wc -l)" ] || fail "a way to end was left out"

# What the look at the end leaves in registers keeps no lost block alive.
run --guard=full --leaks --fail-on leak -- "$VICTIMS/guard_errors" overflow_at_exit
[ $? = 1 ] || fail "a lost block that was broken is not lost"
grep -q "^  overflow" said || fail "overflow_at_exit"
run --leaks -- "$VICTIMS/guard_ends" kill
grep -q "no process was looked at" said || fail "leaks of a killed program"
echo ok
