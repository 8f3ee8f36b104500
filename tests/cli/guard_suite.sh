# guard_suite: in errors of the kinds that are known as CWE 122, 124, 126, 127, 401, 415, 416, 590 and 761, out that --guard=full and --leaks find each, on each side of
# a block on which they can, and nothing in their good variants.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; cat said; exit 1; }
run() { timeout 200 "$HT" run -f -o a.htrc --guard=full --leaks "$@" >out 2>said </dev/null; }

count=0
while read -r weakness kind side told; do
    count=$((count + 1))
    for at in before after; do
        [ $side = any ] || [ $side = $at ] || continue
        run --guard-side $at --fail-on error,leak -- "$VICTIMS/guard_suite" "$kind"
        status=$?
        if [ "$told" = leak ]; then
            [ $status = 1 ] && ! grep -q 'leaks: 0 B lost' said || fail "$at $kind ($weakness): no leak"
        else
            [ $status = 1 ] || [ $status = 139 ] || fail "$at $kind ($weakness): status $status"
            grep -q "^  $told: " said || fail "$at $kind ($weakness): no $told"
        fi
    done
    [ $side = before ] || side=after
    run -q --guard-side $side --fail-on error --fail-on leak -- "$VICTIMS/guard_suite" "$kind" good || fail "$side $kind: the good variant"
    [ ! -s said ] || fail "$side $kind: a false alarm"
done < <("$VICTIMS/guard_suite")
[ $count -ge 35 ] || fail "only $count kinds"

# Both sides in one command: two runs, the first one's trace is FILE.before, and either makes it fail.
for kind in read_too_much read_before; do
    run -q --guard-side both -- "$VICTIMS/guard_suite" $kind
    [ $? = 139 ] || fail "both: $kind"
    [ "$(grep -c '^heaptracer: 1 fault:' said)" = 1 ] || fail "both: $kind: $(cat said)"
    [ -s a.htrc.before ] || fail "both: no trace of the first run"
done
run -q --guard-side both -- "$VICTIMS/guard_suite" read_before good || fail "both: the good variant"
run --guard-side both --sarif x.sarif -- true; [ $? = 2 ] || fail "both with one file for two runs"

# The last bytes before the page.
run -q --guard-align 16 -- "$VICTIMS/guard_suite" read_gap; [ $? = 0 ] || fail "within the gap"
run -q --guard-align 1 -- "$VICTIMS/guard_suite" read_gap; [ $? = 139 ] && grep -q "overread: block .* of 13 B, 1 bad byte, from 0 behind" said || fail "--guard-align 1"
run --guard-align 3 -- true; [ $? = 2 ] || fail "--guard-align 3"

# What knows all living blocks keeps none of them alive.
run -q --guard --fail-on leak -- "$VICTIMS/guard_suite" lost_list; [ $? = 1 ] || fail "--guard hides leaks"
echo ok
