#!/usr/bin/env bash
# live_cost: beats come ten a second; a viewer that falls behind says by how much and catches up; a board whose line went away is gone, and live when it is back.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "live_cost: $*"; failed=1; }
until_true() { for _ in $(seq 400); do eval "$1" && return 0; sleep 0.05; done; return 1; }
serve() { # serve WORDS...: sets server and url
    : >address
    "$HT" serve --port 0 "$@" >address 2>said & server=$!
    until_true '[ -s address ]' || fail "serve $*: no address: $(cat said)"
    url=$(head -1 address); url=${url%/}
}
leave() { kill -INT $server; wait $server || fail "Ctrl-C: $(cat said)"; }
sources() { curl -s -m 20 "$url/api/sources"; }
time_of() { tail -1 "$1" | sed 's/{"time_ns": \([0-9]*\).*/\1/'; }

"$HT" run -q -o a.htrc -- sh -c 'echo $$ >pid; exec "$0" 100' "$VICTIMS/live_grow" >out 2>&1 & recorder=$!
until_true '[ -s pid ] && [ -s a.htrc ]'
serve "$(cat pid)"
until_true 'sources | grep -q "\"state\": \"live\", \"since_unix_ns\": [1-9]"' || fail "the program is not live: $(sources)"
PYTHONPATH="$SOURCE/tests/cli" python3 "$SOURCE/tests/cli/live_beats.py" "${url##*:}" || fail "beats"

# Stopped for a second and a half of the program's time, a monitor tells what it missed, and that it is behind; later it is not any more.
"$HT" monitor a.htrc --interval 100ms --format json >late.txt & late=$!
"$HT" monitor a.htrc --interval 100ms --format json >clock.txt & clock=$!
until_true '[ "$(wc -l <late.txt)" -ge 3 ] && [ -s clock.txt ]' || fail "no lines"
kill -STOP $late; now=$(time_of clock.txt)
until_true '[ "$(time_of clock.txt)" -ge $((now + 2000000000)) ]' || fail "the program's time stands still: $(tail -1 clock.txt)"
kill -CONT $late
until_true 'grep -q "\"behind_ns\": [1-9]" late.txt' || fail "it does not say that it was behind: $(tail -1 late.txt)"
until_true 'sed "1,/\"behind_ns\": [1-9]/d" late.txt | grep -q "\"behind_ns\": 0"' || fail "it does not catch up: $(tail -1 late.txt)"
kill -INT $late $clock; wait $late $clock
kill "$(cat pid)"; wait $recorder
leave

# A board: its line breaks, and comes back.
"$VICTIMS/voice" >line.bin
mkfifo plug; python3 "$SOURCE/tests/cli/board_line.py" line.bin <plug >port & board=$!
exec 3<>plug
until_true '[ -s port ]'
serve "tcp:127.0.0.1:$(cat port)" --elf "$VICTIMS/voice"
until_true 'sources | grep -q "\"state\": \"live\""' || fail "the board is not live: $(sources)"
echo unplug >&3
until_true 'sources | grep -q "\"state\": \"gone\", \"why\": \"its line went away; it is waited for\", \"since_unix_ns\": [1-9]"' || fail "the board is not gone: $(sources)"
echo plug >&3
until_true 'sources | grep -q "\"state\": \"live\", \"since"' || fail "the board does not come back: $(sources)"
leave
kill $board
exit $failed
