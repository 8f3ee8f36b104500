#!/usr/bin/env bash
# serve: a program that runs is shown by HTTP, a stream of events and a WebSocket; its figures move, marks go back; a file that is over is shown, too.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "serve: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
get() { curl -s -m 60 "$url$1" "${@:2}"; }
status() { curl -s -m 20 -o body -w '%{http_code}' "$url$1" "${@:2}"; }
serve() { # serve WORDS...: sets server and url
    rm -f address
    "$HT" serve --port 0 "$@" >address 2>said & server=$!
    until_true '[ -s address ]' || fail "serve $*: no address: $(cat said)"
    url=$(head -1 address); url=${url%/}
}
# streams QUERY COMMANDS: what the stream of events tells until that is true, in the file events.
streams() {
    curl -sN "$1" >events & local listener=$!
    until_true "$2"; local came=$?
    kill $listener; wait $listener 2>/dev/null
    return $came
}
leave() { kill -INT $server; wait $server; [ $? = 0 ] || fail "Ctrl-C: $(cat said)"; }

"$HT" run -q -o a.htrc -- sh -c 'echo $$ >pid; exec "$0" 300' "$VICTIMS/live_grow" >out 2>&1 & recorder=$!
until_true '[ -s pid ] && [ -s a.htrc ]'
serve "$(cat pid)"
until_true 'get /api/sources | grep -q "\"state\": \"live\""' || fail "the program is not live: $(get /api/sources)"
get /api/sources | python3 -c 'import json, sys; one, = json.load(sys.stdin)["sources"]; sys.exit(not (one["kind"] == "process" and one["id"] == 1))' || fail "sources: $(get /api/sources)"
PYTHONPATH="$SOURCE/tests/cli" python3 "$SOURCE/tests/cli/serve_check.py" "${url##*:}" || fail "the WebSocket"
streams "$url/api/stream?source=1" '[ "$(grep -c "^data: {\"type\": \"beat\"" events)" -ge 3 ]' && ! grep -q '"document"' events && head -1 events | grep -q hello ||
    fail "the stream of events: $(cut -c1-200 events)"
streams "$url/api/stream?source=1&history=1&document=1" "grep -q '^data: {\"type\": \"document\", \"source\": 1, \"document\": {.*} *}\$' events" || fail "documents in the stream of events"

# Where no WebSocket gets through, messages are posted, and answered in the stream that they name.
curl -sN "$url/api/stream?say=1" >spoken & listener=$!
until_true 'grep -q "^data: {\"type\": \"key\"" spoken' || fail "a stream without a key: $(cut -c1-200 spoken)"
key=$(sed -n 's/^data: {"type": "key", *"key": "\([^"]*\)".*/\1/p' spoken)
say() { status "/api/say?key=$key" -d "$1"; }
[ "$(say '{"type": "mark", "source": 1, "label": "posted", "id": 7}')" = 202 ] && [ ! -s body ] || fail "a posted message: $(cat body)"
until_true 'grep -q "\"to\": 7, *\"ok\": true" spoken' || fail "a posted mark is not answered: $(cut -c1-200 spoken)"
grep -q '"beat"' spoken && fail "a stream that was asked for nothing"
[ "$(say '{"type": "subscribe", "source": 1, "id": 8}')" = 202 ]
until_true 'grep -q "\"type\": \"document\"" spoken && [ "$(grep -c "\"type\": \"beat\"" spoken)" -gt 2 ]' || fail "a posted subscription: $(cut -c1-200 spoken)"
kill $listener; wait $listener 2>/dev/null
until_true '[ "$(say "{}")" = 404 ]' || fail "a message for a stream that is gone: $(cat body)"

# The page and its tag; files.
get / --compressed | grep -q "<title>HeapTracer" || fail "the page"
get / --compressed | grep -c '@HEAPTRACER_DATA@' | grep -qx 0 || fail "the page has a place without data"
tag=$(curl -sI "$url/" | tr -d '\r' | sed -n 's/^etag: //p')
[ "$(status / -H "If-None-Match: $tag")" = 304 ] || fail "the page is sent again, though it is known by $tag"
get /api/source/1/report.json | python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["schema"] != "heaptracer.report/1")' || fail "report.json"
get /api/source/1/report.html | grep -q "<title>HeapTracer" || fail "report.html"
get /api/source/1/table/summary.csv | head -1 | grep -q "^events,duration_ns" || fail "summary.csv"
get /api/source/1/table/hotspots.json | python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["schema"] != "heaptracer.tables/1")' || fail "hotspots.json"

# Blocks that live: all of them, the largest few, and the one at an address.
get /api/source/1/blocks.csv >blocks.csv
head -1 blocks.csv | grep -q "^address,size_bytes,age_ns,time_ns,process,thread,heap,stack" || fail "blocks.csv: $(head -3 blocks.csv)"
kept=$(grep keep_some blocks.csv | head -1 | cut -d, -f1)
get "/api/source/1/blocks.json?from=$kept&to=$kept" >none.json
get "/api/source/1/blocks.json?from=$(printf '%#x' $((kept + 1)))&to=$(printf '%#x' $((kept + 2)))" >one.json
get "/api/source/1/blocks.json?most=3" >most.json
python3 - "$kept" <<'END' || fail "windows of blocks"
import json, sys
def rows(name): return json.load(open(name))["tables"][0]["rows"]
one, = rows("one.json")
assert one["address"] == sys.argv[1] and one["size_bytes"] > 1 and one["age_ns"] > 0, one
assert rows("none.json") == [], rows("none.json")
most = json.load(open("most.json"))["tables"][0]
assert len(most["rows"]) == 3 and most["note"].startswith("the largest 3 of "), most
assert sorted([row["size_bytes"] for row in most["rows"]], reverse=True) == [row["size_bytes"] for row in most["rows"]], most
END
for odd in "from=-1" "from=x&to=y" "from=0xffffffffffffffffff&to=99999999999999999999999" "process=4294967297" "most=-5" "from"; do
    [ "$(status "/api/source/1/blocks.json?$odd")" = 200 ] || fail "blocks.json?$odd: $(cat body)"
done

# Rules of the configuration, several sources, and a port that is taken.
printf '[[alerts.rule]]\nname = "large"\nwhen = "summary.live_bytes>1K"\n' >rules.toml
HEAPTRACER_CONFIG=rules.toml "$HT" serve a.htrc "$(cat pid)" >address2 2>/dev/null & second=$!
HEAPTRACER_CONFIG=rules.toml "$HT" serve a.htrc >address3 2>/dev/null & third=$!
until_true '[ -s address2 ] && [ -s address3 ]' || fail "no second server"
cmp -s address2 address3 && fail "two servers at one address: $(cat address2)"
until_true 'curl -s "$(cat address2)api/sources" | grep -q "\"id\": 2.*\"state\": \"live\""' || fail "two sources: $(curl -s "$(cat address2)api/sources")"
streams "$(cat address2)api/stream" "grep -q '\"type\": \"alert\", \"source\": 1, \"rule\": \"large\", \"state\": \"firing\", \"level\": \"warn\", \"text\": \"warn: large: ' events && grep -q '\"type\": \"beat\", \"source\": 2' events" ||
    fail "two sources: $(cut -c1-150 events)"
kill $second $third; wait $second $third || fail "SIGTERM"

# The browser is told the address, token and all.
printf '#!/bin/sh\necho "$1" >opened\n' >xdg-open; chmod +x xdg-open
SSH_CONNECTION= PATH="$work:$PATH" "$HT" serve a.htrc --port 0 --open --token 0123456789 >address5 2>&1 & fifth=$!
until_true '[ -s opened ] && cmp -s opened address5 && grep -q "^http://127.0.0.1:[0-9]*/?token=0123456789$" opened' || fail "--open: $(cat opened address5)"
kill $fifth; wait $fifth

# Sources that are none, are cut, are empty, or say nothing yet; standard input.
head -c 3000 a.htrc >cut.htrc; head -c 500 /dev/urandom >junk.htrc; : >empty.htrc; mkfifo silent
head -c 3000 a.htrc | "$HT" serve - cut.htrc junk.htrc empty.htrc silent --port 0 >address4 2>said4 3<>silent & fourth=$!
until_true '[ -s address4 ]' || fail "no fourth server: $(cat said4)"
until_true '[ "$(curl -s "$(cat address4)api/sources" | grep -o "\"state\": \"lost\", \"why\": \"[^\"]*\"" | wc -l)" = 4 ]' || fail "lost sources: $(curl -s "$(cat address4)api/sources")"
curl -s "$(cat address4)api/sources" | grep -q '"name": "silent", "word": "silent", "kind": "file", "state": "waiting"' || fail "a silent source: $(curl -s "$(cat address4)api/sources")"
[ "$(curl -s -o body -w '%{http_code}' "$(cat address4)api/source/2/table/summary.csv")" = 200 ] || fail "the part of a cut trace that can be read: $(cat body)"
for id in 3 4 5; do [ "$(curl -s -o body -w '%{http_code}' "$(cat address4)api/source/$id/report.json")" = 404 ] && grep -q "nothing came" body || fail "source $id: $(cat body)"; done
kill $fourth; wait $fourth || fail "SIGTERM while a source is silent: $(cat said4)"

# The program ends; what was seen stays.
kill "$(cat pid)"; wait $recorder
until_true 'get /api/sources | grep -q "\"state\": \"ended\""' || fail "the end is not seen: $(get /api/sources)"
get /api/source/1/table/summary.csv >live.csv
leave
"$HT" analyze a.htrc --table summary --csv --read-all | cmp -s - live.csv || fail "the last figures are not those of analyze"
exit $failed
