# guard_shift: in a victim that closes all files, forks, and has errors of its own, out that --guard=full still finds what it must, and leaves the rest alone.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; cat said out; exit 1; }
run() { timeout 200 "$HT" run --guard=full -q -f -o a.htrc -- "$VICTIMS/guard_shift" "$@" >out 2>said </dev/null; }
for what in plain closed; do
    run $what
    [ $? = 139 ] || fail "$what: status"
    grep -qx 'heaptracer: 1 fault:' said && grep -q '^  read after free[:;].* of 60 B' said || fail "$what: not told"
done
run child || fail "child: status"
grep -qx 'child 11' out || fail "the child did not end by it"
grep -qx 'heaptracer: 1 fault:' said && grep -q '^  read after free[:;].* of 60 B' said || fail "child: not told"
run zeroed || fail "zeroed: status"
grep -qx '0 bytes are not zero' out || fail "calloc"
run bus || fail "bus: status"
grep -qx 'handled signal 7' out || fail "the program's own SIGBUS"
[ ! -s said ] || fail "a false alarm"
