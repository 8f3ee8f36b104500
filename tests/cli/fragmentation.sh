#!/usr/bin/env bash
# fragmentation: what the table finds from addresses alone is what glibc's own chunks say; the tables of a firmware's heaps and of the past are there.
set -u
export LC_ALL=C.UTF-8
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "fragmentation: $*"; failed=1; }

truth=$(GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$HT" run -q -o walk.htrc -- "$VICTIMS/heap_walk") || fail "cannot record"
"$HT" analyze walk.htrc --table fragmentation --json >page.json || fail "no table"
found=$(jq -r '.tables[0].rows[0] | "\(.free_pieces) \(.free_bytes) \(.largest_free_bytes) \(.blocks)"' page.json)
[ "$found" = "$truth" ] || fail "pieces, bytes, largest, blocks: $found; glibc says $truth"
[ "$(jq '.tables[0].rows | length' page.json)" = 1 ] && [ "${truth%% *}" -gt 100 ] || fail "the program has another heap, or hardly a piece"
jq -e '.tables[0].rows[0] | .header_bytes == 8 and .ended == 1 and .johnstone_4 >= 0 and .external > 0.5' page.json >/dev/null || fail "$(cat page.json)"
"$HT" analyze walk.htrc --table unusable --json | jq -e '.tables[0].rows | (map(.unusable) | . == sort) and (.[-1].pieces == 0)' >/dev/null || fail "unusable does not grow with the request"
"$HT" analyze walk.htrc --table pinning,pinning_sites --json |
    jq -e '(.tables | length) == 2 and (.tables[0].rows | (map(-.gain_bytes) | . == sort) and (map(.gain_bytes <= .before_bytes and .gain_bytes <= .behind_bytes) | all))' >/dev/null ||
    fail "pins are not in order"
"$HT" analyze walk.htrc --table fragmentation_timeline --json | jq -e '.tables[0].rows | length > 1' >/dev/null || fail "there is no course"
"$HT" analyze walk.htrc --table fragmentation --fail-on 'fragmentation.external>99.9%' >/dev/null || fail "a budget"
"$HT" analyze walk.htrc --table fragmentation --fail-on 'fragmentation.free_pieces>100' >/dev/null && fail "a budget that does not hold"
for order in hilbert rows; do
    "$HT" visualize -q -f walk.htrc -t heap_map --order $order -o map.svg && xmllint --noout map.svg || fail "a map by $order"
    grep -q 'block.* begin; .* old: ' map.svg || fail "a cell of the map by $order does not say whose it is"
done
# A firmware's regions: base and size are known, and what its allocator told stands beside what its blocks say.
"$HT" analyze "$SOURCE/tests/golden/light.htrc" --table fragmentation --json |
    jq -e '.tables[0].rows | map({key: .name, value: .}) | from_entries | .DRAM.used_bytes == 327680 and .DRAM.header_bytes == 8 and .DRAM.told_external > 0.02 and .PSRAM.free_pieces == 1' >/dev/null ||
    fail "the regions of a firmware"
"$HT" visualize -q -f "$SOURCE/tests/golden/light.htrc" -t heap_map -o map.svg && grep -q '>DRAM of process 1: 320.0 KiB' map.svg || fail "no map of DRAM"
exit $failed
