# attach_stress: in a program with 8 threads under load, out whether many attaches and detaches lose an event or change what it does. ROUNDS says how many.
set -u
work=$(mktemp -d)
trap 'kill $pid 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; tail -5 said sum 2>/dev/null; exit 1; }
mkfifo in
"$VICTIMS/joined" 8 <in >out 2>&1 &
pid=$!
exec 9>in
until_true 'grep -q ready out'
events=0 seen=0
for round in $(seq "${ROUNDS:-10}"); do
    timeout 200 "$HT" attach $pid -f -o round.htrc --duration 50ms 2>said 9>&- || fail "round $round: $?"
    cat said >>all
    "$HT" dump round.htrc | awk -f "$SOURCE/tests/cli/attach_check.awk" >sum
    read -r more sizes bad < <(tail -1 sum)
    [ "$bad" = 0 ] || fail "round $round"
    events=$((events + more)) seen=$((seen + sizes))
done
[ "$seen" -gt 1000 ] || fail "only $seen blocks were seen"
exec 9>&-
wait $pid || fail "the program ended with $?"
grep -v ready out | grep -v ' 0$' && fail "the program was surprised"
echo "$round rounds, $events events, $seen of counted blocks, none missing"
sed -n 's/.*held for \(.*\) and the others for \(.*\) at most.*/\1 | \2/p' all | sort | uniq -c | sort -rn | awk '{ print "held:", $0 }' | sort -t: -k2 | tail -400 >"${FIGURES:-/dev/null}"
