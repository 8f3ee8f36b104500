# run_killed: in a SIGKILL at any instant, out a whole trace; and the program goes on when it is the recorder that is killed.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
for i in 1 2 3 4 5; do
    "$HT" run -f -o a.htrc -- "$VICTIMS/run_busy" 2 0 pid 2>said &
    for _ in $(seq 1000); do [ -s pid ] && break; sleep 0.01; done
    sleep 0.0$i
    kill -9 "$(cat pid)"
    wait $!; [ $? = 137 ] || fail "status of a killed program"
    grep -q ' events, ' said || fail "no summary: $(cat said)"
    rm pid
done
"$HT" run -q -o b.htrc -- "$VICTIMS/run_busy" 2 200000 pid >out &
for _ in $(seq 1000); do [ -s pid ] && break; sleep 0.01; done
kill -9 $!
wait $! 2>/dev/null
for i in $(seq 100); do [ -s out ] && break; sleep 0.1; done
[ "$(cat out)" = done ] || fail "the program did not go on without its recorder"
[ -s b.htrc ] || fail "no trace of what was before"
"$HT" run -q -o c.htrc -- true
[ -z "$(find /dev/shm /tmp -maxdepth 1 -name 'heaptracer-*' -newer b.htrc -user "$(id -u)" | while read -r f; do p=${f##*heaptracer-}; kill -0 "${p%%-*}" 2>/dev/null || echo "$f"; done)" ] || fail "the dead recorder's session file was not swept"
echo ok
