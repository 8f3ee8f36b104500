#!/usr/bin/env bash
# listen: every kind of line brings the same events; what it loses is told; the device is asked where there is a way back; lines that go away come back.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "listen: $*"; failed=1; }
voice=$VICTIMS/voice
events() { "$HT" dump "$1" | grep -v " process id=\| module id=" | sed 's/^[0-9]* //'; }
totals() { "$HT" analyze "$1" --table summary --columns "$2" --csv | tail -1 | tr -d '\r'; }
. "$SOURCE/tests/cli/waiting.bash"

"$voice" >line.bin
"$HT" listen file:line.bin --elf "$voice" -o a.htrc 2>said || fail "a file: $(cat said)"
grep -q "^heaptracer: a.htrc  .* events, .* peak 592 B, 11 blocks (496 B) not freed, interrupts held off for at most .*, 3 dropped by the device$" said || fail "the closing line: $(cat said)"
grep -q "note:" said && fail "a note where all is well: $(cat said)"
"$HT" analyze a.htrc --table leaks --csv | grep -q "socket_serve .*voice.c:.*,400,10,.*light/socket.c:42 socket_serve session" || fail "names: $("$HT" analyze a.htrc --table leaks --csv)"
"$HT" dump a.htrc >a.txt
grep -q " heap id=1 .*name=internal" a.txt && grep -q "name=net" a.txt && grep -q "name=interrupt" a.txt && grep -q "mark label='effects done'" a.txt || fail "who is who"
[ "$(grep -c " refuse .*size=7" a.txt)" = 4 ] && grep -q " fault " a.txt && grep -q "stack_use" a.txt || fail "what is rare"
events a.htrc >a.events

# The same over every other line.
same() { events "$2" | cmp -s a.events - || fail "$1 brings other events"; }
"$HT" listen -q - -e "$voice" -o in.htrc <line.bin && same "standard input" in.htrc
"$voice" text | "$HT" listen -q stdin -e "$voice" -o text.htrc && same "text" text.htrc
"$voice" log | "$HT" listen -q - -l -e "$voice" -o log.htrc >log.txt && same "frames among a log" log.htrc
grep -q "^I ([0-9]*) light: frame 1 is out$" log.txt || fail "--log: $(head -2 log.txt)"
cat >peer.py <<'E2'
"""peer: in KIND, PLACE and a file, out the file's bytes to whoever listens there; until that one goes, what comes back goes to a file back.KIND."""
import os, socket, sys, time, tty
socket.setdefaulttimeout(60)
kind, place, name = sys.argv[1:4]
data = open(name, "rb").read()
if kind == "pty":
    main, sub = os.openpty(); tty.setraw(sub)
    if os.path.islink(place): os.unlink(place)
    os.symlink(os.ttyname(sub), place)
    send, receive = (lambda b: os.write(main, b)), (lambda: os.read(main, 100))
    time.sleep(0.5)
else:
    family = socket.AF_UNIX if kind.startswith("unix") else socket.AF_INET
    where = place if family == socket.AF_UNIX else ("127.0.0.1", int(place))
    s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    if kind.endswith("server"):
        if family == socket.AF_INET: s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(where); s.listen(1); s = s.accept()[0]
    else:
        while True:
            try: s.connect(where); break
            except OSError: time.sleep(0.05)
    send, receive = s.send, (lambda: s.recv(100))
got = b""
if kind == "udp":
    for frame in data.split(b"\0"):
        if frame: send(frame + b"\0"); time.sleep(0.001)
else:
    while data: data = data[send(data[:1000]):]
import threading
def back():
    global got
    try:
        while True:
            b = receive()
            if not b: return
            got += b; open("back." + kind, "wb").write(got)
    except OSError: pass
t = threading.Thread(target=back, daemon=True); t.start(); t.join(20 if kind[0] in "tu" and kind != "udp" else 1)
E2
over() { # over KIND PLACE SOURCE TRACE OPTION...: ended when all is in the trace
    "$HT" listen -q "$3" -e "$voice" -o "$4" "${@:5}" & listener=$!
    until_true '"$HT" ctl $listener status >/dev/null 2>&1'
    python3 peer.py "$1" "$2" line.bin & peer=$!
    until_true '"$HT" dump '"$4"' 2>/dev/null | grep -q "effects done"' || fail "$1: nothing comes"
    kill -INT $listener; wait $listener || fail "$1: status $?"
    wait $peer
    same "$1" "$4"
}
port=$(free_port)
over tcp-server $port tcp:localhost:$port tcp.htrc --start --snapshot --mark --stop
[ "$(cat back.tcp-server)" = snmp ] || fail "what was asked of the device: '$(cat back.tcp-server)'"
over tcp $port tcp-listen:$port tcpl.htrc
over udp $port udp:$port udp.htrc
over unix-server sock unix:sock unix.htrc
over unix sock2 unix-listen:sock2 unixl.htrc
over pty tty serial:tty,921600 tty.htrc

# A line that goes away and comes back with a device that restarted. Ctrl-C ends in order; the trace can be read before.
"$voice" boots=2 >two.bin
head -c "$(stat -c %s line.bin)" two.bin >first.bin; tail -c +$(($(stat -c %s line.bin) + 1)) two.bin >second.bin
"$HT" listen serial:tty -e "$voice" -o gone.htrc 2>said & listener=$!
timeout 60 python3 peer.py pty tty first.bin
until_true 'grep -q "went away" said' || fail "a serial line that goes away is not told: $(cat said)"
"$HT" dump gone.htrc 2>/dev/null | grep -q "mark label='effects done'" || fail "the trace cannot be read while it is written"
timeout 60 python3 peer.py pty tty second.bin
until_true '"$HT" ctl $listener status 2>&1 | grep -q "^recording"' || fail "ctl: $("$HT" ctl $listener status 2>&1)"
"$HT" ctl $listener mark "from here" >/dev/null || fail "ctl mark"
kill -INT $listener; wait $listener || fail "Ctrl-C: status $?"
grep -q "heaptracer: gone.htrc  .*, 1 restart, " said || fail "the restart: $(cat said)"
[ "$(totals gone.htrc processes)" = 2 ] || fail "two boots are not two processes"
"$HT" dump gone.htrc | grep -q "mark label='from here'" || fail "the mark of ctl is not in the trace"

# What is lost is told, to the event; what comes late has no names yet.
"$voice" lose=3 | "$HT" listen - -e "$voice" -o lost.htrc 2>said || fail "a loss: $(cat said)"
lost=$(sed -n 's/.*, \([0-9]*\) events lost on the line (1 frame).*/\1/p' said)
told=$("$HT" dump lost.htrc | grep -c " \(alloc\|free\|refuse\) ")
all=$(grep -c " \(alloc\|free\|refuse\) " a.events)
[ "$((${lost:-0} + told))" = "$all" ] && [ "$told" -lt "$all" ] || fail "$told told and $lost lost are not $all"
"$HT" dump lost.htrc | grep -q "gap.*1 frame was lost on the line" || fail "no gap in the trace"
"$voice" late=3 | "$HT" listen -q - -e "$voice" -o late.htrc || fail "joined late"
"$HT" dump late.htrc | grep -q "gap.*heard from here on only" || fail "joined late: no gap"
"$voice" snapshot | "$HT" listen -q - -e "$voice" -o snap.htrc
"$HT" dump snap.htrc | grep -q "alloc .*address=0x20006000 size=512.*inherited" || fail "a snapshot's block is not inherited: $("$HT" dump snap.htrc | tail -5)"

# Another ELF, none, no device, no line.
"$voice" wrong | "$HT" listen - -e "$voice" -o wrong.htrc 2>said || fail "wrong ELF"
grep -q "note: .* is not the firmware that sends" said && "$HT" dump wrong.htrc | grep -q "mark label='the ELF file is not the firmware" || fail "an ELF that does not fit: $(cat said)"
"$HT" listen file:line.bin -o none.htrc 2>said || fail "no ELF"
grep -q "note: addresses are not named: .*--elf FILE" said || fail "no ELF: $(cat said)"
"$HT" analyze none.htrc --table leaks --csv | grep -q "0x40" || fail "no ELF: addresses are lost"
refuse() { "$HT" listen "${@:3}" >out 2>said; [ $? = "$1" ] && grep -q "$2" said || fail "${*:3}: $(cat said)"; }
head -c 3000 /dev/urandom >noise
refuse 3 "no HELLO of a traced firmware" file:noise -o noise.htrc
[ -e noise.htrc ] && fail "noise left a trace"
: >empty; refuse 3 "nothing came from file:empty" file:empty -o noise.htrc
refuse 3 "cannot open 'file:absent'" file:absent -o x.htrc
refuse 3 "is there already; --force" file:line.bin -o a.htrc
refuse 3 "is not an ELF file" file:line.bin -e line.bin -o x.htrc
refuse 2 "is no line to listen to" nowhere -o x.htrc
refuse 2 "is no baud rate" serial:/dev/null,fast -o x.htrc
refuse 2 "has no port" tcp:localhost -o x.htrc
refuse 2 "has no port" udp:99999 -o x.htrc
refuse 2 "says nothing behind" unix: -o x.htrc
refuse 3 "cannot open 'serial:/dev/null'" serial:/dev/null -o x.htrc
exit $failed
