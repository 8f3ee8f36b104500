#!/usr/bin/env bash
# remote: an agent and its viewers: the same bytes and figures as beside the program, also when either side is killed; tokens, TLS, slow readers, dumps of the heap.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir temporary
export TMPDIR=$work/temporary
me=rem$$ # names of this run alone: the agent offers all that this user records
fail() { echo "remote: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
figures=events,peak_bytes,leaked_bytes,leaked_count,allocations,allocated_bytes,frees
summary() { "$HT" analyze "$1" --table summary --columns $figures --csv --read-all | tail -1 | tr -d '\r'; }
last() { tail -1 "$1" | tr -d '\r' | cut -d, -f2,5-10; }
cost() { "$HT" analyze "$1" --table cost --columns waits,lost_events --csv | tail -1 | tr -d '\r'; }
agent() { # agent OUTPUT OPTION...: its number and port in $agent and $port
    rm -f "$1" # emptied by the agent's own shell, a moment later
    "$HT" agent --port 0 "${@:2}" 2>"$1" & agent=$!
    until_true "grep -q 'agent at' $1" || fail "no agent: $(cat "$1")"
    port=$(sed -n 's/.*agent at .*:\([0-9]*\).*/\1/p' "$1")
}
head -c 24 /dev/urandom | base64 >token; head -c 24 /dev/urandom | base64 >other; chmod 600 token other

# A program that runs: two viewers and a copy see what is there; each side is killed once; the recorder never waits for a viewer that is stopped.
agent said.agent; first=$agent; there=agent:localhost:$port
"$HT" run -q -o $me.htrc -- sh -c 'echo $$ >pid; exec "$0" 300' "$VICTIMS/live_grow" >out 2>&1 & run=$!
until_true '[ -s pid ]'; pid=$(cat pid)
until_true '"$HT" fetch --list $there --json | grep -q "\"name\": \"$me\", \"pid\": $pid, .*\"runs\""' || fail "not in the list: $("$HT" fetch --list "$there")"
"$HT" monitor "$there/$me" --interval 100ms --format csv >one.csv 2>one.said & one=$!
"$HT" monitor "tcp:localhost:$port/$pid" --interval 100ms --format csv >two.csv 2>two.said & two=$!
"$HT" fetch "$there/$me" -q -o copy.htrc & copy=$!
"$HT" fetch "$there/$me" -q -o stopped.htrc & stopped=$!
until_true '[ -s stopped.htrc ]'; kill -STOP $stopped
until_true '[ "$(wc -l <one.csv)" -gt 4 ] && [ "$(wc -l <two.csv)" -gt 4 ]' || fail "no lines: $(cat one.said two.said)"
kill -0 $pid || fail "the lines came when the program had ended"
"$HT" ctl "$there/$me" mark "from afar" >/dev/null || fail "ctl mark"
"$HT" ctl "$there/$me" jump >/dev/null 2>err; [ $? = 2 ] || fail "ctl jump"
kill -9 $copy; wait $copy 2>/dev/null
viewers=$(pgrep -P $first)
rm copy.htrc
kill -9 $first $viewers 2>/dev/null; wait $first 2>/dev/null
sleep 0.4
"$HT" agent --port "$port" 2>said.second & second=$!
until_true 'grep -q "agent at" said.second' || fail "no second agent: $(cat said.second)"
"$HT" fetch "$there/$me" -q -o copy.htrc & copy=$!
lines=$(wc -l <one.csv)
until_true '[ -s copy.htrc ] && [ "$(wc -l <one.csv)" -gt $((lines + 4)) ] && [ "$(wc -l <two.csv)" -gt $((lines + 4)) ]' || fail "viewers do not come back: $(cat one.said)"
kill $pid; wait $run
wait $one || fail "the first viewer: status $?, $(cat one.said)"
wait $two || fail "the second viewer: status $?, $(cat two.said)"
wait $copy || fail "the copy: status $?"
cmp $me.htrc copy.htrc || fail "the copy is another file"
[ "$(last one.csv)" = "$(summary $me.htrc)" ] && [ "$(last two.csv)" = "$(summary $me.htrc)" ] || fail "last lines $(last one.csv) and $(last two.csv), summary $(summary $me.htrc)"
[ "$(cost $me.htrc)" = 0,0 ] || fail "the recorder waited or lost: $(cost $me.htrc)"
kill -CONT $stopped; wait $stopped || fail "a viewer that was stopped: status $?"
cmp $me.htrc stopped.htrc || fail "a viewer that was stopped lost something"
"$HT" dump copy.htrc | grep -q "mark label='from afar'" || fail "no mark"
grep -vx 'heaptracer: \(the connection to the agent broke; it is tried again\|it is back\)' two.said && fail "a viewer says: $(cat two.said)"
[ -z "$(ls temporary)" ] || fail "left behind: $(ls temporary)"

# A recording that has ended stays offered by an agent that saw it run, and is offered by its folder; one that is replaced meanwhile is another one.
"$HT" fetch "$there/$me" -q -o x.htrc && cmp x.htrc $me.htrc || fail "one that has ended"
kill $second; wait $second || fail "an agent's Ctrl-C: status $?"
agent said.agent --folder "$work"; there=agent:127.0.0.1:$port
"$HT" monitor "$there/$me" --format csv >over.csv || fail "one that ended"
[ "$(last over.csv)" = "$(summary $me.htrc)" ] || fail "one that ended: $(cat over.csv)"
"$HT" run -q -o again.htrc -- "$VICTIMS/live_grow" 300 >out & run=$!
until_true '[ -s again.htrc ]'
"$HT" fetch "$there/again" --patience 5s -o y.htrc 2>err & fetch=$!
until_true '[ -s y.htrc ]'
mv again.htrc gone.htrc; cp copy.htrc again.htrc
kill -9 "$(pgrep -P $agent)"
wait $fetch; [ $? = 3 ] && grep -q "another one now" err || fail "one that was replaced: $(cat err)"
kill $(pgrep -P $run) $agent; wait $run $agent 2>/dev/null

# Who may look.
agent said.token --folder "$work" --token-file token; there=agent:localhost:$port
"$HT" fetch --list "$there" --token-file token | grep -q "$me" || fail "a good token"
refuse() { "$HT" "${@:3}" >refused 2>err; got=$?; [ $got = "$1" ] && grep -q -- "$2" err || fail "${*:3}: $got, $(cat err)"; }
refuse 3 "refuses: the token is wrong" fetch --list "$there" --token-file other
refuse 3 "wants a token" fetch --list "$there"
refuse 3 "the token is wrong" monitor "$there/$me" --token-file other
until_true 'grep -q "127.0.0.1: the token is wrong" said.token' || fail "the agent does not tell a wrong token: $(cat said.token)"
echo short >weak; chmod 600 weak; cp token open; chmod 644 open
refuse 2 "holds no token" fetch --list "$there" --token-file weak
refuse 2 "others may read the token in open: chmod 600 open" fetch --list "$there" --token-file open
refuse 2 "cannot be read" fetch --list "$there" --token-file absent
refuse 3 "does not offer TLS" fetch --list "$there" --token-file token --fingerprint SHA256:00
kill $agent; wait $agent
agent said.tls --folder "$work" --tls --token-file token; there=agent:localhost:$port
print=$(sed -n 's/^  fingerprint //p' said.tls)
"$HT" fetch "$there/$me" -q -o tls.htrc --token-file token && cmp tls.htrc $me.htrc || fail "TLS with a token"
"$HT" fetch --list "$there" --token-file token --fingerprint "$print" >/dev/null || fail "TLS with its fingerprint"
refuse 3 "is not the agent that is meant: its fingerprint is $print" fetch --list "$there" --token-file token --fingerprint "SHA256:${print: -62}00"
refuse 3 "the token is wrong" fetch --list "$there" --token-file other
kill $agent; wait $agent
agent said.tls --folder "$work" --tls; there=agent:localhost:$port; print=$(sed -n 's/^  fingerprint //p' said.tls)
refuse 3 "nobody vouches for .* add --fingerprint $print" fetch --list "$there"
"$HT" fetch --list "$there" --fingerprint "$print" >/dev/null || fail "TLS without a token"
refuse 3 "has no token" fetch --list "$there" --fingerprint "$print" --token-file token
kill $agent; wait $agent
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>/dev/null
want=SHA256:$(openssl x509 -in cert.pem -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)
[ "$("$HT" agent --tls-cert cert.pem --tls-key key.pem --fingerprint)" = "$want" ] || fail "the fingerprint is not openssl's: $want"
agent said.tls --tls-cert cert.pem --tls-key key.pem
SSL_CERT_FILE=cert.pem "$HT" fetch --list "agent:localhost:$port" >/dev/null || fail "a certificate that is trusted"
SSL_CERT_FILE=cert.pem refuse 3 "nobody vouches" fetch --list "agent:127.0.0.1:$port"
kill $agent; wait $agent
refuse 2 "can be reached from other machines: say who may look by --token-file" agent --bind 0.0.0.0 --port 0
refuse 2 "add --tls, or --clear" agent --bind 0.0.0.0 --port 0 --token-file token
refuse 2 "go together" agent --tls-cert cert.pem
refuse 3 "is not the key of that certificate" agent --tls-cert cert.pem --tls-key token
refuse 2 "is no place of an agent" fetch agent:localhost:none
refuse 2 "is no agent" fetch localhost
refuse 3 "cannot connect to" monitor agent:127.0.0.1:1/x
refuse 3 "cannot find the host" monitor agent:no.such.host.invalid/x

# Names of functions, of a program that only the other machine has.
if unshare -m true 2>/dev/null; then
    mkdir far
    unshare -m sh -c 'mount -t tmpfs none far && cp "$VICTIMS/live_grow" far/far_grow || exit 1
        "$HT" agent --port 0 2>said.far & agent=$!
        "$HT" run -q -o "$0.htrc" -- far/far_grow 300 >out3 & run=$!
        while [ ! -e far.done ]; do sleep 0.1; done; kill $(pgrep -P $run) $agent; wait' "far_$me" & far=$!
    until_true 'grep -q "agent at" said.far 2>/dev/null && [ -s far_$me.htrc ]' || fail "the far agent: $(cat said.far)"
    "$HT" monitor "agent:localhost:$(sed -n 's/.*agent at .*://p' said.far)/far_$me" --count 2 --keep named.htrc >named.txt 2>err || fail "far: status $?, $(cat err)"
    [ ! -e far/far_grow ] && grep -q "keep_some (live_grow.c:" named.txt || fail "no names: $(cat named.txt err)"
    [ "$(find named.htrc.modules -type f | wc -l)" = 1 ] && "$HT" analyze named.htrc --table leaks 2>/dev/null | grep -q "keep_some (live_grow.c:" || fail "the copy has no names"
    : >far.done; wait $far
fi

# What is in the heap: here, and from afar where it is allowed.
cat >held.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char outside[64];
static char *keep(const char *text)
{
    return strcpy(malloc(200), text);
}
int main(void)
{
    printf("%p %p %d\n", (void *)keep("not everybody may read this"), (void *)outside, getpid());
    fflush(stdout);
    sleep(300);
    return 0;
}
END
cc -g -O0 -o held held.c || exit 1
"$HT" run -q -o "held_$me.htrc" -- ./held >held.out & run=$!
until_true '[ -s held.out ]'; read -r block outside pid <held.out
agent said.closed; "$HT" dump --blocks "agent:localhost:$port/held_$me" --csv | tr -d '\r' >far.csv || fail "blocks from afar: $?"
grep -q "^$block,200,[0-9]*,.*keep (.*held.c:8);main (.*held.c:12)" far.csv || fail "blocks from afar: $(cat far.csv)"
"$HT" dump --blocks "$pid" --csv | tr -d '\r' | cut -d, -f1,2 | cmp -s - <(cut -d, -f1,2 far.csv) || fail "other blocks here"
refuse 3 "started without --allow-bytes" dump "agent:localhost:$port/held_$me" --bytes "$block:32"
kill $agent; wait $agent
agent said.open --allow-bytes; there=agent:localhost:$port/held_$me
"$HT" dump "$there" --bytes "$block:27" --json | grep -q '"text": "y read this"' || fail "bytes from afar"
"$HT" dump "$pid" --bytes "$block:27" | grep -q "6e 6f 74 20 65 .* not everybody" || fail "bytes here"
refuse 3 "are not memory of the heap of process $pid" dump "$there" --bytes "$outside:8"
refuse 3 "are not memory of the heap" dump "$there" --bytes 0xffffffffffffff00:256
refuse 2 "is no ADDRESS:COUNT" dump "$there" --bytes "$block:70000"
refuse 2 "is no ADDRESS:COUNT" dump "$there" --bytes "$block"
kill "$pid"; wait $run
refuse 3 "its memory is gone" dump "$there" --bytes "$block:8"
"$HT" dump --blocks "held_$me.htrc" | grep -q "the recording has ended" || fail "blocks of one that ended"
exit $failed
