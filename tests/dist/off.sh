#!/usr/bin/env bash
# off: in a program with all the tracer's calls compiled out, out whether it is the same bytes as one without them; and whether the pair of files builds alone.
# usage: off.sh SOURCE FOLDER
set -eu
source=$1 folder=$2
mkdir -p "$folder"
"$source/tools/dist.py" "$folder"
picolibc() { echo "--specs=/usr/lib/picolibc/$1/picolibc.specs"; }
checked=0

same() { # compiler words
    local objcopy=${1%gcc}objcopy size=${1%gcc}size kind
    command -v "$1" >/dev/null || { echo "no $1"; return; }
    for kind in PLAIN TRACED; do
        "$@" -D$kind -std=gnu11 -Os -Wall -Wextra -I"$folder" -c "$source/tests/dist/off_app.c" -o "$folder/$kind.o"
        "$objcopy" -O binary -j .text "$folder/$kind.o" "$folder/$kind.text"
        "$size" -A "$folder/$kind.o" | grep -vE 'comment|attributes|xt.prop|xtensa.info|^Total|\.o ' >"$folder/$kind.size"
    done
    [ -s "$folder/PLAIN.text" ] && cmp "$folder/PLAIN.text" "$folder/TRACED.text" && diff "$folder/PLAIN.size" "$folder/TRACED.size"
    "$@" -DHT_ENABLED=0 -std=gnu11 -Os -I"$folder" -c "$folder/heaptracer.c" -o "$folder/off.o"
    local bytes
    bytes=$("$size" "$folder/off.o" | awk 'NR == 2 { print $4 }')
    [ "$bytes" = 0 ] || { echo "$1: compiled out the tracer still has $bytes bytes"; exit 1; }
    alone "$@"
    checked=$((checked + 1))
}

alone() { # compiler words: without a warning, here each part for itself too
    local words variants=("-std=c11 -pedantic-errors -ffreestanding" -DHT_FRAMES=0)
    [ "$1" != gcc ] || variants+=(-DHT_WITH_{STREAM,TABLE,GUARD,STACKS,POOLS,ALERTS,REPORT,BANDWIDTH}=0 -DHT_WITH_DUMP=1 -DHT_WITH_COST=1 "-DHT_WITH_TABLE=0 -DHT_WITH_STACKS=0 -DHT_WITH_GUARD=0")
    for words in "${variants[@]}"; do
        # shellcheck disable=SC2086 # words are several
        "$@" -std=gnu11 $words -O1 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -I"$folder" -c "$folder/heaptracer.c" -o "$folder/alone.o" || { echo "$1 $words"; exit 1; }
    done
}

same gcc
same arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb
same arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb
same riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 "$(picolibc riscv64-unknown-elf)"
same riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 -mcmodel=medany "$(picolibc riscv64-unknown-elf)"
same avr-gcc -mmcu=atmega2560
same avr-gcc -mmcu=atmega328p
same xtensa-lx106-elf-gcc -mlongcalls --specs=/usr/lib/xtensa-lx106-elf/picolibc.specs
echo "the same bytes, and alone without a warning, for $checked compilers"
