#!/usr/bin/env bash
# heap_text: the map of a heap as lines of text: of firmware and of a process, full or old signs, in ASCII too, within its columns; figures are those of the tables; what cannot be written so.
set -u
export TZ=UTC LC_ALL=C.UTF-8
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "heap_text: $*"; failed=1; }
light="$SOURCE/tests/golden/light.htrc"
map() { "$HT" visualize "$light" -t heap_map --format text "$@"; }
columns() { python3 -c 'import sys; print(max(len(line.rstrip("\n")) for line in sys.stdin if not line.startswith("Heap map:")))'; }

map >map.txt || fail "status $?"
grep -q '^DRAM of process 1: 320.0 KiB, ' map.txt && grep -q '^PSRAM of process 1: 16.0 MiB, ' map.txt || fail "heaps: $(head -3 map.txt)"
grep -q '^ *0x3ffb0000 █████' map.txt && grep -q '·····$' map.txt && grep -q 'each sign is 272 B:  █ full' map.txt || fail "signs: $(head -6 map.txt)"
[ "$(columns <map.txt)" -le 110 ] && [ "$(grep 0x3f map.txt | grep '[█·]' | columns)" = 80 ] || fail "lines are $(columns <map.txt) columns wide"
largest=$("$HT" analyze "$light" -t fragmentation --json | jq '.tables[0].rows[] | select(.name == "DRAM") | .largest_free_bytes')
grep -q "the largest $((largest / 1024))\." map.txt || fail "largest is $largest: $(grep largest map.txt | head -2)"
grep -q 'largest stretches without a block: .* at 0x3ff' map.txt || fail "no stretches"
[ "$(map --width 60 | grep 0x3f | grep '[█·]' | columns)" = 60 ] || fail "--width"
map --shade age >age.txt; grep -q '· free  ░ below .* █ older' age.txt && ! cmp -s map.txt age.txt || fail "--shade age: $(head -5 age.txt)"
LC_ALL=C map | LC_ALL=C grep -q '[^ -~]' && fail "not ASCII"
LC_ALL=C map | grep -q '^ *0x3ffb0000 #####' || fail "no ASCII signs"
map -o page.txt -q && cmp -s page.txt map.txt || fail "-o"
"$HT" run -q -o a.htrc -- "$VICTIMS/live_grow" 1 >out && "$HT" visualize a.htrc -t heap_map --format text >process.txt || fail "a process: status $?"
grep -q '^malloc of process 1' process.txt && [ "$(grep -c '^ *0x[0-9a-f]* [█▓▒░·]*$' process.txt)" -ge 5 ] || fail "a process: $(head -5 process.txt)"
"$HT" visualize "$light" -t sizes --format text >out 2>&1; [ $? = 2 ] && grep -q 'only heap_map can be written as text' out || fail "sizes as text: $(cat out)"
map --width 10 >out 2>&1; [ $? = 2 ] && grep -q '40 to 1000 columns' out || fail "ten columns: $(cat out)"
exit $failed
