#!/usr/bin/env bash
# guards: in a board, a light controller's ELF with guard bands and its C library's allocator, out whether a replay finds every address of its heap.
set -eu
fail() { echo "guards: $*"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$RUN" "$1" "$2" </dev/null >"$folder/line"
"$HT" listen "file:$folder/line" --elf "$2" -o "$folder/light.htrc" --quiet
"$HT" info --environment "$folder/light.htrc" | grep -q "HT_WITH_GUARD=16,4,4,64" || fail "the trace does not tell of its guard bands"
"$HT" replay "$folder/light.htrc" -a "$3" --verify --json >"$folder/verified.json"
jq -e '.tables[] | select(.name == "replay_addresses").rows[] | select(.heap == "malloc") | .blocks > 200 and .same == .blocks' "$folder/verified.json" >/dev/null ||
    fail "$3 does not give the addresses of $2: $(jq -c '.tables[] | select(.name == "replay_addresses").rows' "$folder/verified.json")"

# Without them the program asks for less: that is the replay of a program that is not watched.
taken() { "$HT" replay "$folder/light.htrc" -a "$3" $4 --json | jq '.tables[] | select(.name == "replay").rows[] | select(.heap == "malloc").peak_taken_bytes'; }
with=$(taken "$1" "$2" "$3" --guards) without=$(taken "$1" "$2" "$3" "")
[ "$with" -gt $((without + 100)) ] || fail "the peak is $with with guards and $without without"
