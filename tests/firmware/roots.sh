#!/usr/bin/env bash
# roots: in a board and the ELF of roots.c for it, out whether exactly what is lost is found.
set -eu
text=$("$RUN" "$1" "$2" </dev/null)
text=${text//$'\r'/}
for line in "while it moves 1" "in slices 4" "at once 4" "Not reachable: 4 blocks, 52 bytes" "Heap trace leak records: 12"; do
    grep -qx -- "$line" <<<"$text" || { echo "roots: '$line' is not in:"; echo "$text"; exit 1; }
done
[ "$1" = atmega2560 ] || grep -qx "then 5" <<<"$text" || { echo "roots: what a pointer led into is not lost without it:"; echo "$text"; exit 1; } # an AVR's words stand at any byte
told=$(awk '/^Size:/ { size = $2 } /^Not reachable: no pointer/ { printf "%s ", size }' <<<"$text")
[ "$told" = "12 12 14 14 " ] || { echo "roots: '$told' are told as lost:"; echo "$text"; exit 1; }
