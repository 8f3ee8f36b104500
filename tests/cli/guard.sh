# guard: in victims with one planted error each, and without it, out that --guard finds each, says where, and nothing else; and that real programs go on as ever.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; cat said; exit 1; }
run() { timeout 60 "$HT" run --guard -q -f -o a.htrc "$@" >out 2>said </dev/null; }

# found VICTIM KIND FAULT [SAID...]: exactly that fault, in both stacks the function of the kind; the program goes on, and its good variant has none.
found() {
    local victim=$1 kind=$2 fault=$3
    shift 3
    run --fail-on error -- "$VICTIMS/$victim" "$kind"
    [ $? = 1 ] || fail "$kind: --fail-on error"
    grep -qx "went on" out || fail "$kind: it did not go on"
    grep -qx "heaptracer: 1 fault:" said || fail "$kind: not one fault"
    grep -q "^  $fault[:;]" said || fail "$kind: not $fault"
    for word in "$@"; do grep -qF -e "$word" said || fail "$kind: not '$word'"; done
    run --fail-on error -- "$VICTIMS/$victim" "$kind" good || fail "$kind: the good variant"
    [ ! -s said ] || fail "$kind: a false alarm"
    kinds=$((kinds + 1))
}
kinds=0
E() { found guard_errors "$@"; }
E overflow_by_one overflow "of 10 B, 1 bad byte, from 0 behind its end (off by one); found by free" "allocated  overflow_by_one (" "found      overflow_by_one ("
E overflow_terminator overflow "(string terminator)"
E overflow_far overflow "6 bad bytes" "(repeated pattern)"
E overflow_at_exit overflow "found by exit" "allocated  overflow_at_exit"
E overflow_realloc overflow "found by realloc"
E overflow_scan overflow "found by scan"
E overflow_aligned overflow
E overflow_calloc overflow
E underflow underflow "1 bad byte, from 1 before it"
E underflow_far underflow "of 40 B"
E double_free "double free" "allocated  double_free (" "freed      double_free (" "found      double_free ("
E wild_free_stack "wild free"
E wild_free_static "wild free"
E wild_free_nowhere "wild free"
E interior_free "interior free" "of 64 B"
E interior_free_odd "interior free" "of 64 B"
E write_after_free "use after free" "from its byte 5; found by exit" "freed      write_after_free ("
E write_after_free_leaves "use after free" "from its byte 500; found by quarantine" "freed      write_after_free_leaves ("
E realloc_freed "realloc of a freed block"
E realloc_interior "interior free" "found by realloc"
E huge_size "huge size" "-5 bytes"
E huge_calloc "huge size"
E usable_size overflow "of 13 B"
[ "$kinds" = "$("$VICTIMS/guard_errors" | wc -l)" ] || fail "a kind of guard_errors was left out"
kinds=0
X() { found guard_cxx "$@"; }
for kind in new_free malloc_delete array_delete array_free plain_array_delete aligned_plain new_realloc; do X $kind "mismatched free"; done
X wrong_size "size mismatch" "of 40 B"
X delete_twice "double free" "freed      delete_twice ("
X new_negative "huge size"
[ "$kinds" = "$("$VICTIMS/guard_cxx" | wc -l)" ] || fail "a kind of guard_cxx was left out"

run --guard-stop -- "$VICTIMS/guard_errors" double_free
[ $? = 134 ] || fail "--guard-stop did not stop it"
[ ! -s out ] || fail "--guard-stop: it went on"
grep -q "^  double free" said || fail "--guard-stop: the fault is lost"
"$HT" analyze --table faults a.htrc >table 2>said || fail "no table"
grep -q "double free" table || fail "the table has no fault"
"$HT" run --fail-on error -- true 2>said; [ $? = 2 ] || fail "--fail-on without --guard"
"$HT" run --guard=some -- true 2>said; [ $? = 2 ] || fail "--guard=some"

# Real programs: the same output, the same status, no alarm.
same() {
    "$@" >plain 2>plain.err </dev/null
    local status=$?
    run -- "$@"
    [ $? = $status ] || fail "$1: status"
    cmp -s plain out || fail "$1: output"
    ! grep -q fault said || fail "$1: an alarm"
}
same bash -c 'for i in 1 2 3; do (echo $i; ls / | sort | head -3); done'
same perl -e 'my %h; $h{$_} = $_ x 3 for 1..20000; print scalar(keys %h), "\n"; print `echo hi`; exit 3'
printf '#include <stdio.h>\n#include <string.h>\nint main(void) { return printf("%%zu", strlen("x")) < 0; }\n' >t.c
same cc -O2 -c t.c -o t.o
! command -v sqlite3 >/dev/null ||
    same sqlite3 :memory: "create table t(a,b); with recursive c(x) as (select 1 union all select x+1 from c where x<9000) insert into t select x,hex(x) from c; select sum(a),max(b) from t;"
! command -v git >/dev/null || same git diff --no-index --stat "$SOURCE/wire" "$SOURCE/target"
same python3 -c 'import json, threading
def work(n): print(len(json.dumps({i: str(i) * 5 for i in range(n)})))
for i in range(4):
    t = threading.Thread(target=work, args=(5000,)); t.start(); t.join()'
run -- "$VICTIMS/rt_churn" 50000 4 && ! grep -q fault said || fail "threads"
echo ok
