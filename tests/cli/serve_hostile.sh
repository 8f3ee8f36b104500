#!/usr/bin/env bash
# serve_hostile: tricks with names, broken and huge requests and frames, floods, clients that never read, wrong tokens and certificates: refused, and the server goes on.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "serve_hostile: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
serve() { # serve WORDS...: sets server, url, port and token
    rm -f address
    "$HT" serve --port 0 "$@" >address 2>said & server=$!
    until_true '[ -s address ]' || fail "serve $*: no address: $(cat said)"
    url=$(head -1 address); token=${url#*token=}; url=${url%%/\?*}; url=${url%/}; port=${url##*:}
}
leave() { kill -INT $server; wait $server; [ $? = 0 ] || fail "Ctrl-C: $(cat said)"; }
export PYTHONPATH="$SOURCE/tests/cli"

"$HT" run -q -o a.htrc -- "$VICTIMS/live_grow" 300 >out 2>&1 & recorder=$!
until_true '[ -s a.htrc ]'
serve a.htrc
python3 "$SOURCE/tests/cli/serve_hostile.py" "$port" $server || fail "the server at loopback"
leave

# Tokens: wrong ones, none, in the wrong place; names beyond the machine.
serve a.htrc --bind 0.0.0.0 --no-tls
[ ${#token} = 32 ] || fail "the token '$token'"
url=http://127.0.0.1:$port
status() { curl -sk -m 60 -o body -w '%{http_code}' "$@"; }
[ "$(status "$url/")" = 200 ] || fail "the page wants a token"
for wrong in "" "Bearer" "Bearer ${token%?}" "Bearer ${token}x" "Basic $token" "$token"; do
    [ "$(status "$url/api/sources" -H "Authorization: $wrong")" = 401 ] || fail "the token '$wrong'"
done
[ "$(status "$url/api/sources?token=$token")" = 401 ] || fail "a token in the address of a request"
[ "$(status "$url/api/say?key=x" -d "{}")" = 401 ] && [ "$(status "$url/api/stream?say=1")" = 401 ] || fail "a stream or a message without a token"
[ "$(status "$url/api/sources" -H "Authorization: Bearer $token")" = 200 ] || fail "the right token: $(cat body)"
[ "$(status "$url/api/sources" -H "Authorization: Bearer $token" -H "Host: evil.example:$port")" = 403 ] || fail "a name of another"
python3 - "$port" "$token" "$(pgrep -P $recorder live_grow)" <<'END' || fail "tokens of WebSockets"
import sys
from serve_client import Client, Closed
port, token = int(sys.argv[1]), sys.argv[2]
good = Client(port)
good.say(type="token", token=token, id=1)
first = good.message()
assert first["ok"] and good.message()["type"] == "hello", first
while not good.ask(type="detail", source=1, id=2)["ok"]:
    pass
base = next(line.split("-")[0] for line in open(f"/proc/{sys.argv[3]}/maps") if "[heap]" in line)
assert good.ask(type="dump", source=1, address="0x" + base, bytes=16, id=3)["value"][16:] == "9102000000000000"  # the size of malloc's first chunk
for words in ({"address": "0x10", "bytes": 4}, {"address": "0x" + base, "bytes": 0}, {"address": "0x" + base, "bytes": 1 << 40}):
    assert not good.ask(type="dump", source=1, id=4, **words)["ok"], words
for words in ({"type": "token", "token": token[:-1]}, {"type": "subscribe", "source": 1}, {"type": "token"}):
    bad = Client(port)
    bad.say(id=1, **words)
    assert not bad.message()["ok"], words
    try:
        bad.hear()
        sys.exit(f"{words}: the connection stays open")
    except Closed as closed:
        assert closed.code == 1008, closed.code
END
leave

# TLS; certificates that are none; addresses and ports that cannot be.
if command -v openssl >/dev/null; then
    for name in one two; do openssl req -x509 -newkey rsa:2048 -nodes -keyout $name.key -out $name.pem -days 2 -subj /CN=localhost 2>/dev/null; done
    serve a.htrc --tls-cert one.pem --tls-key one.key --token 0123456789
    [ "$(status "https://127.0.0.1:$port/api/sources" -H "Authorization: Bearer 0123456789")" = 200 ] || fail "https"
    [ "$(status "http://127.0.0.1:$port/api/sources")" != 200 ] || fail "http where https is spoken"
    python3 -c 'import sys
from serve_client import Client
client = Client(int(sys.argv[1]), tls=True)
client.say(type="token", token="0123456789", id=1)
assert client.message()["ok"] and client.ask(type="subscribe", source=1, id=2)["ok"] and client.message("document")' "$port" || fail "a WebSocket by TLS"
    leave
fi
refuse() { timeout 60 "$HT" serve "${@:3}" >out 2>said; [ $? = "$1" ] && grep -q "$2" said || fail "${*:3}: $(cat said)"; }
if [ -e one.pem ]; then
    refuse 2 "do not fit" a.htrc --port 0 --tls-cert one.pem --tls-key two.key
    refuse 2 "do not fit" a.htrc --port 0 --tls-cert a.htrc --tls-key one.key
fi
refuse 2 "belong together" a.htrc --tls-cert one.pem
refuse 3 "No such file" a.htrc --tls-cert absent.pem --tls-key absent.key
refuse 2 "other machines can ask there" a.htrc --bind 0.0.0.0
refuse 2 "Cannot assign requested address" a.htrc --bind 192.0.2.1 --no-tls
refuse 2 "is not an address" a.htrc --bind frobnicate --no-tls
refuse 2 "8 to 127 letters" a.htrc --token short
refuse 2 "at most 65535" a.htrc --port 65536
refuse 3 "cannot be opened" absent.htrc
refuse 2 "no recording of process 999999999" 999999999
exit $failed
