#!/usr/bin/env bash
# emulated: in a command that runs a program under qemu-user, out its output and exit status. Some threaded programs meet an assertion of QEMU 7.2 itself
# (cpu_exec: cpu == current_cpu) once in a while; only then the command is run again.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for try in 1 2 3 4 5; do
    "$@" >"$log" 2>&1
    status=$?
    grep -q 'cpu_exec: assertion failed' "$log" || break
    echo "emulated: the emulator failed, try $try"
done
cat "$log"
exit $status
