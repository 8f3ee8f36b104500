# guard: in victims with one planted error each, and without it, out that --guard finds each, says where, and nothing else; and that real programs go on as ever.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; cat said; exit 1; }
run() { timeout 200 "$HT" run --guard -q -f -o a.htrc "$@" >out 2>said </dev/null; }

# found VICTIM KIND FAULT [SAID...]: exactly that fault, in both stacks the function of the kind; the program goes on, and its good variant has none.
found() {
    local victim=$1 kind=$2 fault=$3
    shift 3
    run --guard-every 0 --fail-on error -- "$VICTIMS/$victim" "$kind"
    [ $? = 1 ] || fail "$kind: --fail-on error"
    grep -qx "went on" out || fail "$kind: it did not go on"
    grep -qx "heaptracer: 1 fault:" said || fail "$kind: not one fault"
    grep -q "^  $fault[:;]" said || fail "$kind: not $fault"
    for word in "$@"; do grep -qF -e "$word" said || fail "$kind: not '$word'"; done
    run --guard-every 0 --fail-on error -- "$VICTIMS/$victim" "$kind" good || fail "$kind: the good variant"
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
# What only a page sees is passed over, unless that block is the one of N that has one.
for kind in overread overread_string overwrite_skips underread read_after_free read_after_realloc read_large_after_free; do
    run --guard-every 0 --fail-on error -- "$VICTIMS/guard_errors" $kind || fail "$kind without pages"
    kinds=$((kinds + 1))
done
[ "$kinds" = "$("$VICTIMS/guard_errors" | wc -l)" ] || fail "a kind of guard_errors was left out"
kinds=0
X() { found guard_cxx "$@"; }
for kind in new_free malloc_delete array_delete array_free plain_array_delete aligned_plain new_realloc; do X $kind "mismatched free"; done
X wrong_size "size mismatch" "of 40 B"
X delete_twice "double free" "freed      delete_twice ("
X new_negative "huge size"
[ "$kinds" = "$("$VICTIMS/guard_cxx" | wc -l)" ] || fail "a kind of guard_cxx was left out"

# hit KIND FAULT STATUS [SAID...]: with =full the first touch of a page that must not be touched is the end; the good variant is silent.
hit() {
    local kind=$1 fault=$2 status=$3
    shift 3
    run --guard=full -- "$VICTIMS/guard_errors" "$kind"
    [ $? = "$status" ] || fail "full: $kind: status"
    grep -q "^  $fault[:;]" said && grep -qx "heaptracer: 1 fault:" said || fail "full: $kind: not one $fault"
    for word in "$@"; do grep -qF -e "$word" said || fail "full: $kind: not '$word'"; done
    run --guard=full --fail-on error -- "$VICTIMS/guard_errors" "$kind" good || fail "full: $kind: the good variant"
    [ ! -s said ] || fail "full: $kind: a false alarm"
}
hit overread overread 139 "from 0 behind its end; found by guard page" "allocated  overread (" "found      overread ("
hit overread_string overread 139
hit overwrite_skips overflow 139 "from 32 behind its end"
hit overflow_terminator overflow 139
hit overflow_aligned overflow 139
hit underread underread 139 "from 1 before it"
hit read_after_free "read after free" 139 "from its byte 200" "allocated  read_after_free (" "freed      read_after_free (" "found      read_after_free ("
hit write_after_free "use after free" 139 "freed      write_after_free ("
hit read_after_realloc "read after free" 139
hit read_large_after_free "read after free" 139
hit overflow_by_one overflow 0 "found by free"
hit overflow_at_exit overflow 0 "found by exit"
hit underflow underflow 0
hit double_free "double free" 0
hit interior_free "interior free" 0
hit realloc_freed "realloc of a freed block" 0
run --guard-every 1000000 -- "$VICTIMS/guard_errors" read_after_free || fail "--guard-every"

# The program's own handler is asked as ever, and one of N goes on.
for way in default:139 jump:0 leave:7 ask:0; do
    run --guard=full -- "$VICTIMS/guard_handler" "${way%:*}"
    [ $? = "${way#*:}" ] || fail "handler ${way%:*}"
    [ "$way" = ask:0 ] || grep -q "read after free" said || fail "handler ${way%:*}: the fault"
done
run --guard=full -- "$VICTIMS/guard_handler" jump; grep -qx "went on after signal 11" out || fail "the handler was not called"

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
    for mode in --guard --guard=full; do
        run $mode -- "$@"
        [ $? = $status ] || fail "$1: status"
        cmp -s plain out || fail "$1: output"
        ! grep -q fault said || fail "$1: an alarm"
    done
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
run --guard-every 0 -- "$VICTIMS/guard_fork" || fail "fork"
for word in "double free" "allocated  main (" "freed      child (" "found      child ("; do grep -qF "$word" said || fail "fork: no $word"; done

# Refusals: the Nth, and each site's first.
run --fail-nth 2 -- "$VICTIMS/guard_refused" || fail "--fail-nth"
grep -qx "unchecked refused 0" said || fail "--fail-nth 2"
run --fail-rate 100% -- "$VICTIMS/guard_refused"; [ $? = 139 ] || fail "--fail-rate"
run --fail-rate 0 -- "$VICTIMS/guard_refused" || fail "--fail-rate 0"
run --fail-rate many -- true; [ $? = 2 ] || fail "--fail-rate many"
run --fail-nth 1 -- "$VICTIMS/guard_cxx" new_negative good; grep -q fault said && fail "a refused new"
timeout 200 "$HT" run --fail-all-sites -- "$VICTIMS/guard_refused" >out 2>said </dev/null; [ $? = 1 ] || fail "--fail-all-sites: status"
[ "$(grep -c 'unchecked checked 0' said)" = 1 ] || fail "--fail-all-sites: more than the first run was heard"
for word in "crashed (SEGV) *call 1 *unchecked (" "survived, 0 *call 2 *checked (" "survived, 1 *call 3 *leaks (" "leaked 1 more *call 4 *leaks (" \
    "^heaptracer: 3 survived, 3 leaked, 1 crashed, 0 did not end"; do
    grep -q "$word" said || fail "--fail-all-sites: no '$word'"
done
echo ok
