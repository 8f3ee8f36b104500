#!/usr/bin/env bash
# aarch64: in the folder that prepare.sh made, out what the machine says of its cases; 0 if each is ok. usage: aarch64.sh FOLDER [CPU]; ROUNDS and CASES in the
# environment say how often it is attached to (4), and which cases. The processor knows signed addresses (by a cheaper signature), landing pads and wide vectors.
set -eu
folder=$1 cpu=${2:-max,pauth-impdef=on}
log=$folder/console
words="console=ttyAMA0 quiet panic=-1 ROUNDS=${ROUNDS:-4}"
[ -z "${CASES-}" ] || words+=" \"CASES=$CASES\""
command -v qemu-system-aarch64 >/dev/null || { echo "aarch64: there is no qemu-system-aarch64; install qemu-system-arm"; exit 1; }
timeout "${PATIENCE:-1500}" qemu-system-aarch64 -M virt -cpu "$cpu" -smp 2 -m 1536 -display none -monitor none -serial stdio -no-reboot -nic none \
    -kernel "$folder/kernel" -initrd "$folder/ram.cpio" -append "$words" </dev/null >"$log" 2>&1 || echo "aarch64: the machine ended with $?"
tr -d '\r' <"$log"
said() { tr -d '\r' <"$log" | grep -q "^$1"; }
! said FAIL || exit 1
for name in ${CASES:-$(sed -n 's/^case_\([a-z_]*\)() {.*/\1/p' "$(dirname "$0")/inside.sh")}; do
    said "ok $name " || { echo "aarch64: $name did not come to its end"; exit 1; }
done
said 'machine: .* done' || { echo "aarch64: the machine did not come to its end"; exit 1; }
