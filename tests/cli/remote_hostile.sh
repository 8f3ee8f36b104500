#!/usr/bin/env bash
# remote_hostile: viewers and agents that send garbage, huge lengths, half of it or nothing: a sentence and status 3, and the other viewers go on.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "remote_hostile: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
peer=$SOURCE/tests/cli/remote_peer.py

# Agents. All at the same time: some are waited for until patience ends.
meet() { # meet HOW SENTENCE
    local place; place=$(free_port)
    {
        python3 "$peer" agent $place "$1" >"ready.$1" 2>&1 & fake=$!
        until_true '[ -s "ready.'"$1"'" ]'
        timeout 200 "$HT" fetch "agent:localhost:$place/x" --patience 1s -o "$1.htrc" "${@:3}" 2>"said.$1"
        [ $? = 3 ] || echo "$1: status" >>wrong
        grep -q "$2" "said.$1" || echo "$1: $(cat "said.$1")" >>wrong
        kill $fake 2>/dev/null
    } &
}
: >wrong
meet noise "is no agent of HeapTracer"
meet cut "is no agent, or not a good one: it closed the connection"
meet silent "is no agent, or not a good one: it is silent"
meet version "is an agent of another version (9, and this one speaks 1)"
meet tls "no TLS connection: the other side broke TLS"
meet huge "sends nonsense"
meet garbage "does not answer as an agent does"
meet refuse "refuses: go away"
meet unnamed "the agent sends nonsense"
meet flood "the connection broke and did not come back"
wait
place=$(free_port); python3 "$peer" agent $place notrace >ready 2>&1 & fake=$!
until_true '[ -s ready ]'
timeout 200 "$HT" monitor "agent:localhost:$place/x" >out 2>said; [ $? = 3 ] && grep -q "is not a HeapTracer trace" said || fail "no trace: $(cat said)"
kill $fake 2>/dev/null
head -c 24 /dev/urandom | base64 >token; chmod 600 token
meet plain "has no token, and cannot prove that it is the one" --token-file token
wait
[ -s wrong ] && fail "$(cat wrong)"

# Viewers. In the middle of it a good one goes on.
"$HT" agent --port 0 2>said.agent & agent=$!
until_true 'grep -q "agent at" said.agent'; port=$(sed -n 's/.*agent at .*://p' said.agent)
"$HT" run -q -o good$$.htrc -- "$VICTIMS/live_grow" 300 >out & run=$!
until_true '[ -s good$$.htrc ]'
"$HT" fetch "agent:localhost:$port/good$$" -q -o copy.htrc & good=$!
for how in garbage huge cut early kind count long key nul again; do
    [ "$(timeout 60 python3 "$peer" viewer "$port" $how 2>&1)" = "sent away" ] || fail "viewer $how is not sent away"
done
[ "$(timeout 60 python3 "$peer" viewer "$port" refused 2>&1)" = stays ] || fail "$(timeout 60 python3 "$peer" viewer "$port" refused 2>&1 | tail -3)"
# More than it takes: they are silent, and let go after ten seconds; meanwhile nobody else gets in, and afterwards all do.
python3 - "$port" <<'END'
import socket, sys, time
all = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(60)]
time.sleep(1)
END
kill $(pgrep -P $run); wait $run
wait $good || fail "the good viewer: status $?"
cmp good$$.htrc copy.htrc || fail "the good viewer's copy"
until_true '"$HT" fetch --list "agent:localhost:$port" >/dev/null 2>&1' || fail "nobody gets in after many were silent"
[ "$(grep VmHWM /proc/$agent/status | tr -dc 0-9)" -lt 60000 ] || fail "the agent's memory: $(grep VmHWM /proc/$agent/status)"
kill $agent; wait $agent || fail "the agent ends with $?: $(cat said.agent)"
grep -q "what is no request\|no viewer" said.agent || fail "the agent tells nothing: $(cat said.agent)"
exit $failed
