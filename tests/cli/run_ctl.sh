# run_ctl: in requests to a recording that runs, out what it answers and does.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
"$HT" run --start-paused -o a.htrc -- sh -c 'echo $$ >pid; while [ ! -e stop ]; do sleep 0.05; done' 2>said &
for _ in $(seq 1000); do [ -s pid ] && break; sleep 0.01; done
pid=$(cat pid)
[ "$("$HT" ctl $pid status | head -1)" = paused ] || fail "--start-paused"
[ "$("$HT" ctl $pid start | head -1)" = recording ] || fail "start"
"$HT" ctl $pid mark 'half way' >out || fail "mark"
"$HT" ctl $pid flush >out || fail "flush"
[ "$("$HT" ctl $pid stop | head -1)" = paused ] || fail "stop"
"$HT" ctl $pid jump >/dev/null 2>err; [ $? = 2 ] || fail "an unknown request"
"$HT" ctl $pid mark >/dev/null 2>err; [ $? = 2 ] || fail "a mark without label"
"$HT" ctl 999999999 status 2>err; [ $? = 2 ] && grep -q 'no recording' err || fail "no such recording"
touch stop
wait
echo ok
