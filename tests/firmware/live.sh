#!/usr/bin/env bash
# live: in a board in QEMU whose line is a socket, out whether it can be watched directly: lines with its regions, its live blocks by name, bytes of its memory.
set -u
elf=$1
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
export TMPDIR=$work
failed=0
fail() { echo "live: $*"; failed=1; }
qemu-system-arm -M mps2-an385 -icount shift=5 -semihosting-config enable=on,target=native -kernel "$elf" -display none -monitor none \
    -chardev "socket,id=line,path=sock,server=on,wait=on" -serial chardev:line 2>qemu & emulator=$!
for _ in $(seq 1200); do [ -S sock ] && break; sleep 0.05; done

timeout 300 "$HT" monitor unix:sock --elf "$elf" --interval 100ms --count 4 >lines 2>said || fail "monitor: status $?, $(cat said)"
[ "$(grep -c "malloc .*%, largest free .*KiB" lines)" -ge 3 ] || fail "no regions: $(cat lines said)"
timeout 300 "$HT" dump --blocks unix:sock --elf "$elf" --csv >blocks 2>said || fail "blocks: status $?, $(cat said)"
grep -q "render_run (.*light_tasks.c:" blocks || fail "no blocks by name: $(cat blocks said)"
# Its code is at 0, and in the ELF file.
timeout 300 "$HT" dump unix:sock --elf "$elf" --bytes 0x40:100 --json >bytes 2>said || fail "bytes: status $?, $(cat said)"
python3 - "$elf" <<'END' || fail "other bytes than in the ELF file: $(cat bytes)"
import json, struct, sys
elf = open(sys.argv[1], "rb").read()
start, count = struct.unpack_from("<I", elf, 28)[0], struct.unpack_from("<H", elf, 44)[0]
for i in range(count):
    kind, offset, _, load, filed = struct.unpack_from("<5I", elf, start + 32 * i)
    if kind == 1 and load <= 0x40 < load + filed:
        wanted = elf[offset + 0x40 - load:][:100]
rows = json.load(open("bytes"))["tables"][0]["rows"]
sys.exit(bytes.fromhex("".join(row["hex"] for row in rows)) != wanted)
END
kill -0 $emulator || fail "the board has ended: $(cat qemu)"
[ -z "$(find . -name 'heaptracer.*')" ] || fail "left behind: $(ls)"
exit $failed
