#!/usr/bin/env bash
# rt_threads: short threads leave nothing behind (lanes, mappings), the smallest stacks suffice, and what destructors and libc free last is seen.
. "$SOURCE/tests/cli/rt_common.bash"
lanes lanes=64 -- "$VICTIMS/rt_threads" 10000 4
sound "10000 threads"
expect "10000 threads: each had a lane" "$(value threads)" -ge 10001
expect "10000 threads: lanes are used again" "$(value lanes_used)" -le 64
expect "10000 threads: allocations" "$(value allocs)" -ge 40000
expect "10000 threads: all their blocks were freed" "$(value live_blocks)" -le 12
expect "10000 threads: mappings left behind, KiB" "$(sed -n 's/VmSize:[^0-9]*\([0-9]*\).*/\1/p' "$TMP/output")" -lt 700000
expect "10000 threads: truncated" "$(value truncated)" -eq 0

lanes -- "$VICTIMS/rt_threads" 200 4 0
sound "smallest stacks"
expect "smallest stacks: allocations" "$(value allocs)" -ge 800
expect "smallest stacks: truncated" "$(value truncated)" -eq 0

lanes -- "$VICTIMS/rt_coroutines" 10000 3
sound "coroutines"
expect "coroutines: allocations" "$(value allocs)" -ge 35000
expect "coroutines: truncated" "$(value truncated)" -eq 0
finish
