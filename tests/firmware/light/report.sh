#!/usr/bin/env bash
# report: in a board, a light controller's ELF with LIGHT_REPORT, and how many blocks and bytes it forgets, out whether its own text says so, without any host.
set -eu
text=$("$RUN" "$1" "$2" </dev/null)
for line in "   LEAKED ALLOCATIONS" "Heap trace leak records: $3" "Total leaks: $3 allocations, $4 bytes (*" "  Backtraces found: $3 / $3" "Refused by the allocator: 1 requests" "Memory faults: 6"; do
    grep -qx -- "${line//\*/.*}" <<<"${text//$'\r'/}" || { echo "report: '$line' is not in:"; echo "$text"; exit 1; }
done
[ "$(grep -c '^Size: 24 bytes' <<<"$text")" -eq $((($4 - 48 * ($3 - $5)) / 24)) ] || { echo "report: not $5 sessions in:"; echo "$text"; exit 1; }
[ "$(grep -c '^Task: network' <<<"$text")" -eq "$5" ] || { echo "report: not $5 blocks of the network task in:"; echo "$text"; exit 1; }
