#!/usr/bin/env bash
# monitor: a program that runs is followed, its figures move and the last are those of analyze; files, pipes, firmware; recorders that are killed; wrong words.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "monitor: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
figures=events,peak_bytes,leaked_bytes,leaked_count,allocations,allocated_bytes,frees
summary() { "$HT" analyze "$1" --table summary --columns $figures --csv --read-all | tail -1 | tr -d '\r'; }
last() { tail -1 "$1" | tr -d '\r' | cut -d, -f2,5-10; } # the same figures, of a CSV of monitor

# A program that runs: joined by its number and by its file; left after two lines; the figures move.
"$HT" run -q -o a.htrc -- sh -c 'echo $$ >pid; exec "$0" 300' "$VICTIMS/live_grow" >out 2>&1 & run=$!
until_true '[ -s pid ] && [ -s a.htrc ]'; pid=$(cat pid)
"$HT" monitor $pid --interval 100ms --format csv >whole.csv & whole=$!
"$HT" monitor a.htrc --interval 200ms --count 2 >two.txt || fail "two lines: status $?"
[ "$(wc -l <two.txt)" = 3 ] && grep -q "keep_some (live_grow.c:" two.txt || fail "two lines: $(cat two.txt)"
kill -0 $pid 2>/dev/null || fail "two lines came only when the program had ended"
"$HT" monitor $pid --interval 1h >/dev/null & never=$!; until_caught $never 2; kill -INT $never; wait $never || fail "Ctrl-C: status $?"
until_true '[ "$(cut -d, -f1 <whole.csv | tail -1)" -gt 2000000000 ] 2>/dev/null' || fail "no two seconds: $(cat whole.csv)"
kill -USR1 $pid; wait $whole || fail "a program that ends: status $?"
wait $run
[ "$(last whole.csv)" = "$(summary a.htrc)" ] || fail "last line $(last whole.csv), summary $(summary a.htrc)"
python3 - whole.csv <<'END' || fail "the figures do not move: $(cat whole.csv)"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
live = [int(row["live_bytes"]) for row in rows[:-1]]
times = [int(row["time_ns"]) for row in rows]
rates = [float(row["allocation_rate"]) for row in rows[2:-1]] # a machine may let nobody run for as long as a line
sys.exit(not (len(live) >= 6 and live == sorted(live) and live[-1] > live[0] and times == sorted(times) and rows[-1]["ended"] == "1" and
              all(row["ended"] == "0" for row in rows[:-1]) and max(rates) > 0 and any(row["growing"].startswith("keep_some") for row in rows[2:-1])))
END

# Who follows makes blocks end early; who does not changes nothing.
"$HT" run -q -o alone.htrc -- "$VICTIMS/live_grow" 1 >out
blocks() { "$HT" info "$1" | sed -n "s/^ *Blocks *\([0-9]*\)  .*/\1/p" | head -1; }
[ "$(blocks alone.htrc)" = 1 ] || fail "nobody followed, but there are $(blocks alone.htrc) blocks"
[ "$(blocks a.htrc)" -ge 5 ] || fail "two seconds were followed, but there are $(blocks a.htrc) blocks"

# Recordings that are over: each interval of recorded time is a line; from a pipe too; JSON is JSON.
"$HT" monitor a.htrc --interval 1s --format csv >file.csv || fail "a file"
[ "$(last file.csv)" = "$(last whole.csv)" ] && [ "$(cut -d, -f1 file.csv | sed -n 2p)" = 1000000000 ] || fail "a file: $(cat file.csv)"
cat a.htrc | "$HT" monitor - --interval 1s --format csv | cmp -s - file.csv || fail "a pipe brings other lines"
"$HT" monitor a.htrc --format json | python3 -c 'import json, sys; rows = [json.loads(line) for line in sys.stdin]; sys.exit(not (rows[-1]["ended"] and len(rows) > 4))' || fail "JSON"
"$HT" monitor a.htrc >human.txt && tail -1 human.txt | grep -q "^ended after .* events, peak .* blocks (.*) never freed$" || fail "the last line: $(tail -1 human.txt)"

# Firmware: regions and faults.
"$VICTIMS/voice" >line.bin && "$HT" listen -q file:line.bin -e "$VICTIMS/voice" -o v.htrc
"$HT" monitor v.htrc --interval 100ms >v.txt || fail "firmware"
grep -q "internal .*%, largest free .*KiB" v.txt && tail -1 v.txt | grep -q "1 fault: " || fail "firmware: $(cat v.txt)"
"$HT" monitor v.htrc --format json | tail -1 | grep -q '"regions": \[{"name": "internal"' || fail "firmware's JSON"

mkfifo silence
cat line.bin - <silence | "$HT" listen -q - -e "$VICTIMS/voice" -o heard.htrc & listener=$!
exec 8>silence
until_true '[ -s heard.htrc ]'
"$HT" monitor $listener --interval 100ms --format csv >heard.csv 8>&- & whole=$!
until_true '[ "$(wc -l <heard.csv)" -gt 4 ]' || fail "a firmware that is heard: $(cat heard.csv)"
exec 8>&-
wait $whole || fail "a firmware that is heard: status $?"
wait $listener
[ "$(last heard.csv)" = "$(summary heard.htrc)" ] && [ "$(wc -l <heard.csv)" -gt 4 ] || fail "a firmware that is heard: $(cat heard.csv)"

# A recorder that is killed ends its monitors; a file that was cut is told.
"$HT" run -q -o killed.htrc -- "$VICTIMS/live_grow" 300 >out & recorder=$!
until_true '[ -s killed.htrc ]'
"$HT" monitor killed.htrc --interval 100ms >killed.txt 2>said & whole=$!
until_true '[ "$(wc -l <killed.txt)" -gt 2 ]' || fail "no lines of a program that runs"
grower=$(pgrep -P $recorder); kill -9 $recorder; kill $grower
wait $whole; [ $? = 3 ] && grep -q "ends before the recorder's totals" said || fail "a recorder that was killed: $(cat said)"
head -c 3000 a.htrc >cut.htrc
"$HT" monitor cut.htrc >out 2>said; [ $? = 3 ] && grep -q "cut.htrc" said && grep -q "^ended after" out || fail "a cut file: $(cat said)"

refuse() { "$HT" monitor "${@:3}" >out 2>said; [ $? = "$1" ] && grep -q "$2" said || fail "${*:3}: $(cat said)"; }
refuse 2 "no recording of process 999999999" 999999999
refuse 3 "cannot be opened" absent.htrc
refuse 3 "is not a HeapTracer trace" line.bin
refuse 2 "10ms is the least" a.htrc --interval 1ms
refuse 2 "monitor"
if [ -e /dev/full ]; then "$HT" monitor a.htrc >/dev/full 2>said; [ $? = 3 ] || fail "a full disk: $(cat said)"; fi
exit $failed
