# run_ctl: in requests to a recording that runs, out what it answers and does.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; exit 1; }
"$HT" run --start-paused -o a.htrc -- sh -c 'echo $$ >pid; while [ ! -e stop ]; do sleep 0.05; done' 2>said &
until_true '[ -s pid ]'
pid=$(cat pid)
[ "$("$HT" ctl $pid status | head -1)" = paused ] || fail "--start-paused"
[ "$("$HT" ctl $pid start | head -1)" = recording ] || fail "start"
"$HT" ctl $pid mark 'half way' >out || fail "mark"
"$HT" ctl $pid flush >out || fail "flush"
[ "$("$HT" ctl $pid stop | head -1)" = paused ] || fail "stop"
"$HT" ctl $pid jump >/dev/null 2>err; [ $? = 2 ] || fail "an unknown request"
"$HT" ctl $pid mark >/dev/null 2>err; [ $? = 2 ] || fail "a mark without label"
"$HT" ctl 999999999 status 2>err; [ $? = 2 ] && grep -q 'no recording' err || fail "no such recording"

# Whatever is written to the socket, the recorder goes on and its trace can be read.
python3 - "$pid" <<'END' || fail "nonsense on the socket"
import random, socket, sys
dice = random.Random(7)
for turn in range(60):
    asker = socket.socket(socket.AF_UNIX)
    asker.settimeout(60)
    asker.connect(f"\0heaptracer-{sys.argv[1]}")
    start = dice.choice([b"", b"mark ", b"mark \xff\xfe\x1b[2J", b"start", b"flush ", b"status\n", b"\0"])
    try:
        asker.sendall(start + dice.randbytes(dice.choice([0, 1, 7, 100, 4095, 9000])))
        if turn % 10:
            asker.shutdown(socket.SHUT_WR)
            asker.recv(8192)
    except (BrokenPipeError, ConnectionResetError):
        pass
    asker.close()
END
"$HT" ctl $pid status | grep -q '^events' || fail "status after nonsense"
touch stop
wait
"$HT" analyze a.htrc -t marks --limit 1000 >marks || fail "a trace with odd marks"
grep -q 'half way' marks || fail "the mark is not in the trace"
! grep -q "$(printf '\033')" marks || fail "a label's control characters get to the terminal"
echo ok
