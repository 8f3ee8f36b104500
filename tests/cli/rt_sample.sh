#!/usr/bin/env bash
# rt_sample: sums over samples equal those of a full recording within their own deviation; frees and resizes of samples, and only those, are told.
. "$SOURCE/tests/cli/rt_common.bash"
lanes -- "$VICTIMS/rt_churn" 100000 2
sound "every event"
full=$(value total_bytes) count=$(value allocated) live=$(value live_bytes)
expect "every event: live" "${live:-0}" -gt 1000000
sum=0 square=0 runs=12
for ((i = 0; i < runs; i++)); do
    lanes sample=65536 -- "$VICTIMS/rt_churn" 100000 2
    sound "sampled"
    expect "sampled: only samples" "$(value sampled)" -eq "$(value allocated)"
    expect "sampled: frees of blocks that were not recorded" "$(value unknown_frees)" -eq 0
    expect "sampled: fewer" "$(value allocated)" -lt $((count / 4))
    # A handful of libc's own blocks is in one and not in the other.
    z=$((($(value estimated_bytes) - full) * 100 / ($(value sigma_bytes) + 1)))
    expect "sampled: deviations / 100" "${z#-}" -lt 450
    sum=$((sum + z)) square=$((square + z * z))
done
# A bound is broken by chance in one of some thousand runs of this test.
mean=$((sum / runs))
expect "sampled: mean of $runs deviations / 100" "${mean#-}" -lt 110
expect "sampled: variance of $runs deviations / 10000, not too small" "$((square / runs))" -gt 1500
expect "sampled: variance of $runs deviations / 10000, not too large" "$((square / runs))" -lt 32000

# A block that is in the trace when it is taken is out of it when it is freed, by whichever way: what lives at the end is a sample of what lives.
lanes sample=1024 -- "$VICTIMS/rt_churn" 100000 2
expect "dense samples: live bytes" "$(value live_bytes)" -gt $((live / 100 * 90))
expect "dense samples: live bytes" "$(value live_bytes)" -lt $((live / 100 * 101))
expect "dense samples: frees of blocks that were not recorded" "$(value unknown_frees)" -eq 0

# Children draw on their own from their first block on: neither what their parent was about to draw nor nothing.
sum=0 square=0 runs=6
for ((i = 0; i < runs; i++)); do
    lanes sample=65536 -- "$VICTIMS/rt_fork_small" 150
    sound "sampled children"
    z=$((($(value estimated_bytes) - $(said bytes)) * 100 / ($(value sigma_bytes) + 1)))
    sum=$((sum + z)) square=$((square + z * z))
done
mean=$((sum / runs))
expect "sampled children: mean of $runs deviations / 100" "${mean#-}" -lt 160
expect "sampled children: variance of $runs deviations / 10000" "$((square / runs))" -lt 46000
finish
