#!/usr/bin/env bash
# sinks: in a way out (semihosting, rtt, postmortem, text), a board and sinks.c's ELF for both, out whether the host gets the run by it: five forgotten blocks of
# 116 bytes in all; after a reset the last of a longer run.
set -eu
kind=$1 board=$2 elf=$3
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd "$out" # where semihosting puts its files
"$RUN" "$board" "$elf" </dev/null >line
leaks() { "$HT" analyze "$1" --csv --table leaks --columns count,bytes | tr -d '\r'; }

case $kind in
semihosting) "$HT" listen file:sinks.bin --elf "$elf" --output sinks.htrc --quiet ;;
rtt)
    # As a probe reads it: the block behind its name, the ring "up" in it, what lies between the two places.
    python3 - <<'PY'
import struct
ram = open("sinks.ram", "rb").read()
block = ram.index(b"SEGGER RTT\0\0\0\0\0\0")
assert struct.unpack_from("<II", ram, block + 16) == (1, 1)
name, start, size, write, read, flags = struct.unpack_from("<6I", ram, block + 24)
start -= 0x20000000
assert read == 0 and write < size and ram.count(b"SEGGER RTT") == 1
open("sinks.bin", "wb").write(ram[start:start + write])
PY
    "$HT" listen file:sinks.bin --elf "$elf" --output sinks.htrc --quiet
    ;;
postmortem)
    "$HT" listen file:line --elf "$elf" --output line.htrc --quiet
    # The whole run forgot 40 blocks; the ring has the last of it, and the host says that there was more.
    read -r count bytes <<<"$(leaks line.htrc | tail -1 | tr , ' ')"
    lost=$("$HT" analyze line.htrc --csv --table summary --columns lost_events | tr -d '\r' | tail -1)
    [ "$count" -ge 5 ] && [ "$count" -lt 40 ] && [ "$bytes" -ge $((count * 20)) ] && [ "$lost" -gt 100 ] || { echo "postmortem: $count blocks, $bytes bytes, $lost lost"; exit 1; }
    "$HT" decode --memory sinks.ram --elf "$elf" --output ram.htrc --quiet
    [ "$(leaks ram.htrc)" = "$(leaks line.htrc)" ] || { echo "postmortem: the dump has $(leaks ram.htrc), the line $(leaks line.htrc)"; exit 1; }
    "$HT" decode --memory "$elf" --elf "$elf" --output none.htrc 2>said && { echo "postmortem: a ring was found in the ELF"; exit 1; }
    grep -q 'no post-mortem ring' said
    exit 0
    ;;
text)
    "$HT" decode line --elf "$elf" --output sinks.htrc >text
    [ "$(grep -c 'a line of the log' text)" -eq 5 ] && ! grep -q HT: text || { echo "text: the log is not as it was"; exit 1; }
    ;;
esac
[ "$(leaks sinks.htrc)" = $'count,bytes\n5,116' ] || { echo "$kind: the host found: $(leaks sinks.htrc)"; exit 1; }
