#!/usr/bin/env bash
# sources: monitor follows a board as it follows a file: the same figures over each kind of line; it is recorded beside, kept if asked for, and nothing stays behind.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir temporary
export TMPDIR=$work/temporary
fail() { echo "sources: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
beside() { pgrep -P "$1" -f " listen "; }
figures() { tail -1 "$1" | tr -d '\r' | cut -d, -f2,5-10; }
voice=$VICTIMS/voice

"$voice" >line.bin
"$HT" listen -q file:line.bin -e "$voice" -o v.htrc
"$HT" monitor v.htrc --format csv >file.csv
"$HT" monitor file:line.bin --elf "$voice" --format csv >board.csv || fail "a captured line: status $?"
[ "$(figures board.csv)" = "$(figures file.csv)" ] && [ -n "$(figures file.csv)" ] || fail "a captured line: $(cat board.csv)"
"$HT" monitor file:line.bin --elf "$voice" --keep kept.htrc >/dev/null || fail "--keep: status $?"
cmp <("$HT" dump kept.htrc | grep -v " process id=") <("$HT" dump v.htrc | grep -v " process id=") >/dev/null || fail "--keep keeps another trace"

# A device that connects: the lines begin when it has said who it is, a mark gets into its trace, Ctrl-C ends listener and monitor, and the folder goes.
cat >device.py <<'END'
"""device: in a socket to connect to and a file, out the file's bytes there; then silence for ten seconds."""
import socket, sys, time
peer = socket.socket(socket.AF_UNIX)
while True:
    try: peer.connect(sys.argv[1]); break
    except OSError: time.sleep(0.05)
peer.sendall(open(sys.argv[2], "rb").read())
time.sleep(10)
END
"$HT" monitor unix-listen:sock --elf "$voice" --interval 100ms --keep live.htrc >live.txt 2>said & monitor=$!
python3 device.py sock line.bin & device=$!
until_true '[ "$(wc -l <live.txt)" -gt 3 ]' || fail "no lines of a board: $(cat live.txt said)"
grep -q "internal .*%, largest free" live.txt || fail "a board's regions: $(cat live.txt)"
listener=$(beside $monitor)
"$HT" ctl "$listener" mark "seen live" >/dev/null || fail "the recorder beside cannot be told"
kill -INT $monitor; wait $monitor || fail "Ctrl-C: status $?, $(cat said)"
kill -0 "$listener" 2>/dev/null && fail "the recorder beside outlives its monitor"
"$HT" dump live.htrc | grep -q "mark label='seen live'" || fail "no mark in the kept trace"
kill $device
"$HT" monitor tcp-listen:0 >/dev/null 2>said & monitor=$!
until_true '[ -n "$(beside $monitor)" ]'; listener=$(beside $monitor)
kill -9 $monitor; wait $monitor 2>/dev/null; until_true '! kill -0 '"$listener"' 2>/dev/null' || fail "the recorder beside outlives a monitor that was killed"
rm -rf temporary/heaptracer.*

# A recorder that is killed, a line that is none, words that do not fit.
"$HT" monitor unix-listen:sock3 --interval 100ms >killed.txt 2>said & monitor=$!
python3 device.py sock3 line.bin & device=$!
until_true '[ "$(wc -l <killed.txt)" -gt 2 ]'
kill -9 "$(beside $monitor)"; wait $monitor; [ $? = 3 ] && grep -q "was killed" said || fail "a recorder that is killed: $(cat said)"
kill $device
refuse() { "$HT" monitor "${@:3}" >out 2>said; [ $? = "$1" ] && grep -q "$2" said || fail "${*:3}: $(cat said)"; }
head -c 300 /dev/urandom >noise
refuse 3 "no HELLO of a traced firmware" file:noise
refuse 3 "cannot open 'file:absent'" file:absent
refuse 2 "is no baud rate" serial:/dev/null,fast
refuse 3 "is there already; --keep wants another name" file:line.bin --keep kept.htrc
refuse 3 "firmware.elf" file:line.bin --elf firmware.elf
TMPDIR=/nowhere refuse 3 "no folder for the recording can be made in /nowhere" file:line.bin
"$HT" monitor file:line.bin >/dev/null 2>said; grep -q "^heaptracer: note: addresses are not named: .*--elf FILE" said || fail "the recorder's notes: $(cat said)"
cp v.htrc file:odd; "$HT" monitor file:odd >/dev/null || fail "a file that is there is a file"
[ -z "$(ls temporary)" ] || fail "left behind: $(ls temporary)"
exit $failed
