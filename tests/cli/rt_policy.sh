#!/usr/bin/env bash
# rt_policy: with a slow collector and a small lane: waiting loses nothing, dropping says what it dropped, sampling stays unbiased.
. "$SOURCE/tests/cli/rt_common.bash"
BLOCK=0 DROP=1 SAMPLE=2
lanes -- "$VICTIMS/rt_churn" 60000
full=$(value total_bytes) count=$(value allocated)

lanes policy=$BLOCK lane_kb=64 slow_us=1000 -- "$VICTIMS/rt_churn" 60000
sound "block"
expect "block: waits" "$(value waits)" -gt 0
expect "block: lost" "$(value lost)" -eq 0
expect "block: allocations" "$(value allocated)" -eq "$count"

# How often the lane is full depends on how busy the machine is: a few tries.
for slow in 5000 2000 10000 3000 7000; do
    lanes policy=$DROP lane_kb=64 slow_us=$slow -- "$VICTIMS/rt_churn" 60000
    [ "$(value gaps)" -ge 1 ] && [ "$(value lost)" -gt 100 ] && break
done
expect "drop: status" "$(value status)" -eq 0
expect "drop: stamps" "$(value bad_order)" -eq 0
expect "drop: stacks" "$(value bad_stack)" -eq 0
expect "drop: waits" "$(value waits)" -eq 0
expect "drop: lost" "$(value lost)" -gt 100
expect "drop: gaps" "$(value gaps)" -ge 1
expect "drop: what gaps tell is what was lost" "$(value gap_events)" -le "$(value lost)"
expect "drop: bytes of gaps" "$(value gap_bytes)" -gt 1000
# What is left untold is what was dropped after the last gap; each block is in the trace or in a gap or there.
expect "drop: bytes told" "$(($(value total_bytes) + $(value gap_bytes)))" -le "$full"

for slow in 3000 1000 5000 2000 8000; do
    lanes policy=$SAMPLE sample=65536 lane_kb=64 slow_us=$slow -- "$VICTIMS/rt_churn" 60000
    [ "$(value sampled)" -gt 10 ] && break
done
expect "sample: status" "$(value status)" -eq 0
expect "sample: stamps" "$(value bad_order)" -eq 0
expect "sample: some were samples" "$(value sampled)" -gt 10
expect "sample: some were not" "$(value allocated)" -gt $(($(value sampled) + 100))
if [ "$(value lost)" -eq 0 ]; then
    z=$((($(value estimated_bytes) - full) * 100 / ($(value sigma_bytes) + 1)))
    expect "sample: deviations / 100" "${z#-}" -lt 450
else
    expect "sample: what gaps tell" "$(value gap_events)" -le "$(value lost)"
fi

# A recording that begins late knows nothing of what was before, and says nothing wrong.
lanes paused_ms=30 -- "$VICTIMS/rt_churn" 1000000
sound "late"
expect "late: recorded" "$(value allocated)" -gt 1000
expect "late: frees of blocks from before" "$(value unknown_frees)" -gt 0
finish
