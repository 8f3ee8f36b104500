#!/usr/bin/env bash
# leaks_live: in programs that run, out the classes of their blocks while they go on: at work, with many threads, with memory mapped and not used, killed meanwhile.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; exit 1; }
# Runs a victim that waits for a line, with `heaptracer` options before the name; its number is in $pid.
begin() {
    rm -f go out; mkfifo go
    "$HT" run -q -f -o a.htrc "$@" <go >out 2>said & run=$!
    exec 7>go
    until_true 'grep -q ready out' || fail "it does not begin: $*"
    pid=$(pgrep -P $run | head -1)
}
end() { echo >&7; exec 7>&-; wait $run; }

begin -- "$VICTIMS/reach_cases" mid
"$HT" leaks $pid >page || fail "leaks PID"
grep -q 'when asked: direct 5 blocks (722 B), indirect 6 blocks (1.0 KiB), possible 6 blocks (671 B)' <(tr '\n' ' ' <page) || fail "classes: $(cat page)"
"$HT" leaks $pid --fail-on leak >page; [ $? = 1 ] || fail "a second look"
address=$("$HT" dump --kind scan_block a.htrc | sed -n 's/.*class=possible address=\(0x[0-9a-f]*\) size=116 .*/\1/p' | head -1)
"$HT" leaks $pid --why "$address" >page || fail "--why"
grep -q 'reach_cases 0x.* > 0x[0-9a-f]* (106 bytes) (points 8 bytes into it)' page || fail "who points to it: $(cat page)"
[ -z "$(pgrep -P $pid)" ] || fail "a copy was left"
end || fail "the program's own status"
[ -s said ] && fail "said: $(cat said)"

begin -- "$VICTIMS/reach_hard" busy
for _ in 1 2 3; do "$HT" leaks $pid --fail-on leak >page || fail "a program at work: $(cat page)"; done
end || fail "the status of a program at work"

begin -- "$VICTIMS/reach_hard" sparse
"$HT" leaks $pid >page || fail "a TiB that is not used"
grep -q 'direct 1 block (302 B)' page || fail "blocks beside a TiB: $(cat page)"
end || fail "its status"

# Memory that is copied while the program runs, and while it writes to it all the time.
for what in large writes; do
    begin -- "$VICTIMS/reach_hard" $what 250000
    before=$(ls /proc/$pid/fd | wc -l)
    "$HT" leaks $pid >page || fail "much memory: $what"
    grep -q 'direct 250 blocks (79.1 KiB), indirect 0 blocks (0 B)' <(tr '\n' ' ' <page) || fail "classes: $what: $(cat page)"
    [ "$(ls /proc/$pid/fd | wc -l)" = "$before" ] || fail "a file was left open"
    end || fail "the status: $what"
done

# It does not notice: no call is ended, no child is seen; by a copy, and by what is copied before.
for count in 1000 250000; do
    begin -- "$VICTIMS/reach_hard" waits $count
    for _ in 1 2; do "$HT" leaks $pid >page || fail "waits"; done
    end || fail "with $count blocks, so much was noticed: $?"
done

begin --leaks -- "$VICTIMS/reach_hard" threads 300
"$HT" leaks $pid >page || fail "threads"
end || fail "the status of threads"
"$HT" leaks 999999 2>said; [ $? = 2 ] && grep -q 'no recording' said || fail "no such recording"
exit 0
