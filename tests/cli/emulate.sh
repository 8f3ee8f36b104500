#!/usr/bin/env bash
# emulate: firmware that was built without us, in QEMU: the trace has what the firmware counted itself, with names; mistakes are told.
set -eu
for program in arm-none-eabi-gcc riscv64-unknown-elf-gcc qemu-system-arm qemu-system-riscv32 qemu-system-riscv64; do
    command -v $program >/dev/null || { echo "no $program: not tested"; exit 0; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
semihosting="-semihosting-config enable=on,target=native"
arm="arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb --specs=picolibc.specs -Tpicolibcpp.ld --oslib=semihost --crt0=hosted -Wl,--defsym=__flash=0,--defsym=__flash_size=0x40000,--defsym=__ram=0x20000000,--defsym=__ram_size=0x8000"
riscv="riscv64-unknown-elf-gcc -mcmodel=medany --specs=picolibc.specs --oslib=semihost -Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=0x40000,--defsym=__ram=0x80040000,--defsym=__ram_size=0x8000"
random="$SOURCE/tests/firmware/emulate/emulate_random.c"

# name compiler-words… -- qemu-words…
check() {
    local name=$1 compile=() line told status=0
    shift
    while [ "$1" != -- ]; do compile+=("$1"); shift; done
    shift
    "${compile[@]}" -g "$random" -o $name.elf 2>compile.log || { cat compile.log; exit 1; }
    "$HT" emulate $name.elf -o $name.htrc -- "$@" >$name.out 2>$name.err || status=$?
    [ $status = 9 ] || { echo "$name: ended with $status"; cat $name.out $name.err; exit 1; }
    line=$("$HT" dump $name.htrc | awk '
        $4 == "alloc" { match($0, /address=0x[0-9a-f]+/); a = substr($0, RSTART + 8, RLENGTH - 8); match($0, / size=[0-9]+/); s = substr($0, RSTART + 6, RLENGTH - 6)
                        n++; asked += s; size[a] = s }
        $4 == "free" { f++; match($0, /address=0x[0-9a-f]+/); delete size[substr($0, RSTART + 8, RLENGTH - 8)] }
        $4 == "resize_end" { match($0, /old_address=0x[0-9a-f]+/); o = substr($0, RSTART + 12, RLENGTH - 12); match($0, / address=0x[0-9a-f]+/); a = substr($0, RSTART + 9, RLENGTH - 9)
                             match($0, / size=[0-9]+/); s = substr($0, RSTART + 6, RLENGTH - 6)
                             if (a + 0 != 0 || a != "0x0") { r++; delete size[o]; size[a] = s } else refused++ }
        $4 == "refuse" { refused++ }
        END { for (a in size) { live++; bytes += size[a] }
              printf "allocs %d frees %d resizes %d refused %d live %d live_bytes %d asked %d\n", n, f, r, refused, live, bytes, asked }')
    told=$(grep -h ^allocs $name.out $name.err) # semihosting writes to either
    [ "$line" = "$told" ] || { echo "$name: the firmware counted"; echo "$told"; echo "the trace has"; echo "$line"; exit 1; }
    "$HT" analyze $name.htrc --table leaks --csv >$name.leaks
    grep -q "^keeper_inner ([^;]*emulate_random.c:[0-9]*);keeper_outer ([^;]*emulate_random.c:[0-9]*);main .*,777,1," $name.leaks || { echo "$name: no names"; cat $name.leaks; exit 1; }
}

check arm.Os $arm -Os -- -M mps2-an385 $semihosting
check arm.O2 $arm -O2 -mthumb -- qemu-system-arm -M mps2-an385 $semihosting
check rv32 $riscv -march=rv32imac -mabi=ilp32 -O2 -- -M virt -bios none $semihosting
check rv64 $riscv -march=rv64imac -mabi=lp64 -Os -- -M virt -bios none $semihosting

if command -v xtensa-lx106-elf-gcc qemu-system-xtensa >/dev/null; then
    boards="$SOURCE/examples/boards"
    xtensa="xtensa-lx106-elf-gcc @$boards/lx106.words -I$boards -L$boards -DEMULATE_BOARD $boards/lx106.c"
    check lx106.Os $xtensa -Os -- -M sim -cpu lx106 -semihosting
    check lx106.O2 $xtensa -O2 -- -M sim -cpu lx106 -semihosting
    "$HT" emulate lx106.Os.elf -o other.htrc -- -M sim -semihosting 2>err && { echo "the core dc232b passed for an lx106"; exit 1; }
    grep -q "registers are not those of Xtensa lx106" err || { echo "another core:"; cat err; exit 1; }
fi

# Without debug data: .ARM.exidx alone leads through the stack, symbols alone name it.
$arm -O2 -funwind-tables "$random" -o tables.elf
"$HT" emulate tables.elf -- -M mps2-an385 $semihosting >out 2>err || [ $? = 9 ]
"$HT" analyze tables.elf.htrc --table leaks --csv >leaks
grep -q "^keeper_inner[^;]*;keeper_outer[^;]*;main.*,777,1," leaks || { echo "no names by .ARM.exidx"; cat leaks err; exit 1; }

# A function of the firmware's own: each malloc that it makes is part of it.
"$HT" emulate arm.Os.elf -f -o own.htrc --function keeper_inner:0 -- -M mps2-an385 $semihosting >out 2>err || [ $? = 9 ]
"$HT" analyze own.htrc --table leaks --csv >leaks
grep -q "^keeper_outer" leaks || { echo "the own function is not taken"; cat leaks; exit 1; }

# One that never ends is ended.
cat >endless.c <<'C'
#include <stdlib.h>
int main(void) { void *volatile kept = malloc(33); for (;;) { (void)kept; } }
C
$arm -Os endless.c -o endless.elf
"$HT" emulate endless.elf --time 1s -- -M mps2-an385 $semihosting 2>err || { cat err; exit 1; }
"$HT" info endless.elf.htrc >/dev/null

# refuse EXIT-CODE WORDS COMMAND...
refuse() {
    local wanted=$1 words=$2 status=0
    shift 2
    "$@" >out 2>err || status=$?
    [ $status = "$wanted" ] && grep -q "$words" err || { echo "$*: ended with $status, not $wanted, and said:"; cat out err; exit 1; }
}
cc -x c -o native - <<<'int main(void) { return 0; }'
refuse 3 "not watched in QEMU" "$HT" emulate native -- -M none
refuse 3 "is not an ELF file" "$HT" emulate endless.c
refuse 3 "cannot read" "$HT" emulate absent.elf
refuse 3 "there already" "$HT" emulate arm.Os.elf -o arm.Os.htrc
refuse 2 "has no function 'absent'" "$HT" emulate arm.Os.elf -o new.htrc --function absent:0
refuse 2 "NAME:ARGUMENT" "$HT" emulate arm.Os.elf -o new.htrc --function malloc
refuse 2 "QEMU ended" "$HT" emulate arm.Os.elf -o new.htrc -- -M no-such-board
refuse 2 "no program 'qemu-absent'" "$HT" emulate arm.Os.elf -o new.htrc -- qemu-absent
arm-none-eabi-strip arm.Os.elf -o stripped.elf
refuse 2 "no function that gives out memory" "$HT" emulate stripped.elf -o new.htrc -- -M mps2-an385
[ ! -e new.htrc ] || { echo "a trace without a recording"; exit 1; }
