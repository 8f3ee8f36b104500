#!/usr/bin/env bash
# decode: a log is printed with its addresses named, the frames in it become a trace, and an ELF file that is not the log's is told.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "decode: $*"; failed=1; }
voice=$VICTIMS/voice
address() { nm "$voice" | awk -v name="$1" '$3 == name { print "0x" substr($1, 9) }'; }
effect=$(address effect_switch)
main=$(address main)
{
    printf 'I (12) boot: \033[0;32mready\033[0m\r\n\ttabs\n'
    echo "Backtrace: $effect:0x3ffb1234 $main:0x3ffb0000 |<-CORRUPTED"
    echo "   36 bytes (@ 0x3ffb0c7c, Internal) allocated CPU 0 ccount 0x13c8c6c4 caller $main:$effect"
    echo "no address: 0x0 0x1234567 ${effect}0 x$effect"
    echo "ELF file SHA256: $(sha256sum "$voice" | cut -c1-16)"
} >head.log
"$voice" text log >frames.log
cat head.log frames.log >uart.log
"$HT" decode uart.log --elf "$voice" >out 2>said || fail "status, $(cat said)"
printf 'I (12) boot: ready\n tabs\n' | cmp -s - <(head -2 out) || fail "the text: $(head -3 out)"
[ "$(grep -c "^    $effect: effect_switch at .*voice.c:[0-9]*$" out)" = 1 ] || fail "a backtrace: $(cat out)"
[ "$(grep -c "^    $main: main at " out)" = 1 ] || fail "a backtrace: $(cat out)"
grep -q "HT:" out && fail "frames are printed"
grep -q "light: frame 1 is out" out || fail "the log among the frames is lost"
grep -q "note: it has a dump of ESP-IDF's heap trace" said || fail "no hint at import: $(cat said)"
grep -q "another ELF" said && fail "the right ELF is said to be another"
grep -q "heaptracer: uart.htrc  .* 11 blocks (496 B) not freed, interrupts held off for at most 250.0 us" said || fail "the trace: $(cat said)"
"$HT" analyze uart.htrc --table leaks --csv | grep -q "socket_serve" || fail "the trace's names"
gzip -k frames.log && "$HT" decode -q -f frames.log.gz -e "$voice" -o gz.htrc && [ -s gz.htrc ] || fail "a packed log"

"$HT" decode head.log -e "$voice" >out 2>said || fail "a log without frames"
[ -e head.htrc ] && fail "a log without frames made a trace"
sed 's/SHA256: ..../SHA256: 0000/' head.log >other.log
"$HT" decode other.log -e "$voice" 2>&1 >/dev/null | grep -q "note: the log is of another ELF file" || fail "another ELF is not told"
"$HT" decode head.log >out 2>said && cmp -s <(sed '1s/.*/I (12) boot: ready/; 2s/.*/ tabs/' head.log) out || fail "without ELF the text changes"
grep -q "note: addresses are not named: .*--elf FILE" said || fail "no hint at --elf: $(cat said)"
"$HT" decode frames.log 2>said >/dev/null; "$HT" decode -q frames.log 2>said; [ $? = 3 ] && grep -q "frames.htrc cannot be made: File exists" said || fail "a trace is overwritten: $(cat said)"
{ grep -v HT: head.log; grep -m1 HT: frames.log | tr 5 6; echo "HT:not a frame"; } >broken.log
"$HT" decode broken.log -e "$voice" >out 2>/dev/null; grep -q "^HT:not a frame" out || fail "what is no frame is hidden"
head -c 100000 /dev/urandom >noise; "$HT" decode noise -e "$voice" >out 2>said || fail "noise: $(cat said)"
"$HT" decode absent.log >/dev/null 2>said; [ $? = 3 ] && grep -q "absent.log" said || fail "an absent log: $(cat said)"
exit $failed
