#!/usr/bin/env bash
# doctor: names what is here and what is missing with its mend; asks whether a process can be joined; wrong words.
set -u
export LC_ALL=C.UTF-8 HEAPTRACER_CONFIG=none
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "doctor: $*"; failed=1; }
"$HT" doctor >out || fail "status $?: $(cat out)"
grep -q '^ok  *record a program (run) .*libheaptracer.so' out || fail "no runtime: $(cat out)"
"$HT" doctor --json >out || fail "json: $?"
python3 -c '
import json
rows = json.load(open("out"))["tables"][0]["rows"]
assert len(rows) >= 9 and all(row["state"] in ("ok", "slower", "missing") and (row["state"] == "ok") == (row["mend"] == "") for row in rows), rows' || fail "json: $(cat out)"
# Without a runtime nothing can be recorded: that is told, and is a 1.
HEAPTRACER_LIBRARY=$work/none.so "$HT" doctor >out; [ $? = 1 ] && grep -q '^missing  *record a program' out || fail "without a runtime: $(cat out)"
DEBUGINFOD_URLS= "$HT" doctor | grep -A1 '^slower  *names' | grep -q 'export DEBUGINFOD_URLS' || fail "no mend for names"
sleep 60 & sleeper=$!
"$HT" doctor $sleeper --csv | tr -d '\r' | grep -qx "join process $sleeper (attach),ok,it can be joined," || fail "a process: $("$HT" doctor $sleeper)"
kill -STOP $sleeper
until_true 'grep -q "^State:.T" /proc/$sleeper/status'
"$HT" doctor $sleeper >out; [ $? = 1 ] && grep -q "kill -CONT $sleeper" out || fail "a stopped one: $(cat out)"
kill -KILL $sleeper; wait $sleeper 2>/dev/null
"$HT" doctor $sleeper >out; [ $? = 1 ] && grep -q "no process $sleeper" out || fail "one that ended: $(cat out)"
"$HT" doctor me 2>err; [ $? = 2 ] && grep -q "'me' is not the number" err || fail "a word: $(cat err)"
exit $failed
