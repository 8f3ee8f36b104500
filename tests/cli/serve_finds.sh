#!/usr/bin/env bash
# serve_finds: without a source serve shows all that this machine records, each once, though its recorder listens at two names; and their ends.
set -u
# In a network of its own, where the names of recorders live: other tests' recordings are none of ours, and ours are not followed by others.
if [ -z "${SERVE_FINDS:-}" ] && unshare -rn true 2>/dev/null; then SERVE_FINDS=1 exec unshare -rn bash "$0"; fi
[ -z "${SERVE_FINDS:-}" ] || python3 -c '
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 1))' || exit 1
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "serve_finds: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
record() { # record NAME: until the program has begun
    "$HT" run -q -o "$1.htrc" -- sh -c 'echo $$ >"$1.pid"; exec "$0" 300' "$VICTIMS/live_grow" "$1" >out 2>&1 &
    until_true "[ -s $1.pid ] && [ -s $1.htrc ]" || fail "no recording $1"
}
# sources: name, kind and state of each of ours.
sources() {
    curl -s -m 60 "${url}api/sources" | python3 -c '
import json, sys
ours = [(one["command"].split()[-1], one["kind"], one["state"]) for one in json.load(sys.stdin)["sources"] if "live_grow" in one.get("command", "")]
print("; ".join(" ".join(one) for one in sorted(ours)))'
}

record one
record two
"$HT" serve --port 0 >address 2>said & server=$!
until_true '[ -s address ]' || { fail "no address: $(cat said)"; exit 1; }
url=$(head -1 address)
both="one process live; two process live"
until_true '[ "$(sources)" = "$both" ]' || fail "two recordings: $(sources): $(curl -s "${url}api/sources")"
kill "$(cat one.pid)"
until_true '[ "$(sources)" = "one process ended; two process live" ]' || fail "one that ended: $(sources)"
kill "$(cat two.pid)"
kill -INT $server; wait $server || fail "Ctrl-C: $(cat said)"
exit $failed
