# run_killed: in a SIGKILL at any instant, out a whole trace that has all that was done; and the program goes on when it is the recorder that is killed.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; exit 1; }
python3 - "$HT" "$VICTIMS/run_busy" "${RUN_KILLS:-12}" <<'P' || fail "a killed program"
import csv, io, os, random, signal, struct, subprocess, sys, time
command, victim, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])

def words():
    try:
        with open("said", "rb") as file:
            return struct.unpack("<512Q", file.read())
    except (OSError, struct.error):
        return (0,)

for kill in range(kills):
    threads = kill % 4 + 1
    if os.path.exists("said"):
        os.unlink("said")
    run = subprocess.Popen([command, "run", "-f", "-o", "a.htrc", "--", victim, str(threads), "0", "said"], stderr=subprocess.PIPE)
    while not words()[0]:
        time.sleep(0.001)
    time.sleep(random.random() * 0.1)
    os.kill(words()[0], signal.SIGKILL)
    line = run.communicate(timeout=200)[1].decode()
    if run.returncode != 137 or " events, " not in line:
        sys.exit(f"run {kill}: exit {run.returncode}: {line}")
    table = subprocess.run([command, "analyze", "--table", "threads", "--csv", "a.htrc"], capture_output=True, text=True, timeout=200)
    rows = {int(row["tid"]): row for row in csv.DictReader(io.StringIO(table.stdout))}
    said = words()
    for i in range(threads):
        tid, pairs = said[1 + 2 * i], said[2 + 2 * i]
        row = rows.get(tid, {"allocations": 0, "frees": 0})
        if tid and not pairs <= int(row["frees"]) <= int(row["allocations"]) <= pairs + 1:
            sys.exit(f"run {kill}: thread {tid} did {pairs} pairs, the trace has {row['allocations']} and {row['frees']}")
P

"$HT" run -q -o b.htrc -- "$VICTIMS/run_busy" 2 200000 pid >out &
recorder=$!
until_true '[ -s pid ]'
sleep 0.03
kill -9 $recorder
wait $recorder 2>/dev/null
until_true '[ -s out ]'
[ "$(cat out)" = done ] || fail "the program did not go on without its recorder"
[ -s b.htrc ] || fail "no trace of what was before"
"$HT" run -q -o c.htrc -- true
# Only this one's: other tests beside this kill recorders too.
file=$(find /dev/shm /tmp -maxdepth 1 -name "heaptracer-$recorder-*" -user "$(id -u)")
[ -z "$file" ] || kill -0 $recorder 2>/dev/null || fail "the dead recorder's session file was not swept: $file"
echo ok
