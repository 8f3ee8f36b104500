#!/usr/bin/env bash
# patterns: a program that does one thing is called by its name, with its figures; its twin, which does nearly the same, is not.
set -u
export LC_ALL=C.UTF-8
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

look() { # look MODE: what the program does, one pattern a line: name, words, count, bytes, value
    "$HT" run -q -f -o "$1.htrc" -- "$VICTIMS/patterns" "$1" || { echo "patterns: cannot record $1"; exit 1; }
    "$HT" analyze "$1.htrc" --table patterns --json >"$1.json" || exit 1
    python3 - "$1.json" <<'P'
import json, sys
for row in json.load(open(sys.argv[1]))["tables"][0]["rows"]:
    print(f'{row["pattern"]}: {row["what"]} | {row["count"]} {row["bytes"]} {row["value"]:.4g}')
P
}
# A busy machine may stop a program at any time, so what is about time gets three tries.
says() { # says MODE PATTERN: a line is like the pattern; of the twin none is
    local try
    for try in 1 2 3; do
        look "$1" >said
        grep -qE "$2" said && break
    done
    grep -qE "$2" said || { echo "patterns: $1 is not '$2': $(cat said)"; failed=1; }
}
denies() {
    local try
    for try in 1 2 3; do
        look "$1" >said
        grep -qE "$2" said || break
    done
    grep -qE "$2" said && { echo "patterns: $1 is '$2': $(cat said)"; failed=1; }
}
says sizes-few '^size distribution: few sizes: 3 make (100|9[0-9]) % of all allocations:.*3\.9 KiB'
says sizes-uniform '^size distribution: uniform from 10[0-9] B to (99[0-9]|1000|1\.0)'
says sizes-power '^size distribution: power law with exponent (1\.9|2\.0)'
says sizes-mixed '^size distribution: mixed'
says hot '^hot site: 6[0-9] % of all allocations'
denies not-hot '^hot site: .* of all allocations and [2-9]'
says pairs '^redundant pairs: 3,000 blocks .*512 B\) \| 3000 1536000 1$'
denies not-pairs '^redundant pairs: .*512 B'
says growth '^realloc growth: in steps of 64 B up to 31\.2 KiB: 499 reallocs, 499 on one block, copied .* 250$'
denies not-growth '^realloc growth'
says bursts '^bursts: [1-9][0-9]* bursts'
says ramp '^ramp: live bytes rise by 2\.[0-9] MiB'
denies not-ramp '^ramp'
says spike '^spike: live bytes rise by 4\.0 MiB'
denies not-spike '^spike'
says steady '^steady state: live bytes stay at 6[0-9]\.[0-9] KiB'
says phases '^phase: '
exit $failed
