#!/usr/bin/env bash
# examples: in the boards that this machine has, out whether examples/bare builds with one command for each, and the host finds the five blocks that it forgets.
set -eu
out=$BUILD/firmware/examples
mkdir -p "$out"
declare -A names=([mps2-an385]=cortex-m3 [rv32]=rv32 [atmega2560]=atmega2560 [lx106]=lx106)
for board in "$@"; do
    name=${names[$board]-}
    [ -n "$name" ] || continue
    make -s -C "$SOURCE/examples/bare" "$name" OUT="$out"
    "$RUN" "$board" "$out/$name.elf" </dev/null | "$HT" listen - --elf "$out/$name.elf" --output "$out/$name.htrc" --force --quiet
    got=$("$HT" analyze "$out/$name.htrc" --csv --table leaks --columns count,bytes | tr -d '\r')
    [ "$got" = $'count,bytes\n5,116' ] || { echo "examples: on $board the host found: $got"; exit 1; }
done
