#!/usr/bin/env bash
# heap: what a walk through glibc's heap finds is what glibc itself counts, in arenas of threads, too; pages that hold nothing used are those that are in memory.
set -u
export LC_ALL=C.UTF-8 HEAPTRACER_CONFIG=none
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "heap: $*"; failed=1; }
expect() { # EXIT TEXT word...
    local said code
    said=$("$HT" "${@:3}" 2>&1 </dev/null) && code=0 || code=$?
    [ $code = "$1" ] || fail "'${*:3}' ends with $code, not $1: $said"
    grep -q -e "$2" <<<"$said" || fail "'${*:3}' does not say '$2': $said"
}
expect 2 "is no process" heap here
expect 2 "choose it with --table" heap 1 --csv
expect 3 "has ended" heap 2147483647

minor=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc 2\.//p')
[ "${minor:-0}" -ge 31 ] && [ "$minor" -le 41 ] || exit $failed
all() { jq -r '.tables[] | select(.name == "heap_arenas") | .rows[-1] | '"$1" "$2"; }

# PROGRAM
one() {
    local said truth given more idle
    mkfifo to from 2>/dev/null
    "$1" <to >from &
    local pid=$!
    exec 8>to 9<from
    read -r truth <&9
    "$HT" heap $pid --json >first.json || fail "$1 cannot be walked"
    echo >&8
    read -r given <&9
    "$HT" heap $pid --json >second.json || fail "$1 cannot be walked again"
    echo >&8
    exec 8>&- 9<&-
    wait $pid || fail "$1 ends with $?: was it harmed?"
    said=$(jq -r '(.tables[] | select(.name == "heap_arenas") | .rows) as $a | (.tables[] | select(.name == "heap_free") | .rows) as $f |
        ($a[-1] | .fast_bytes + .unsorted_bytes + .small_bytes + .large_bytes + .top_bytes) as $free |
        ([$f[] | select(.list != "cache" and .list != "fast") | .chunks] | add) as $chunks | ([$f[] | select(.list == "fast") | .chunks] | add // 0) as $fast |
        "\($a[-1].bytes) \($chunks) \($fast) \($a[-1].fast_bytes) \($free) \($a[0].top_bytes)"' first.json)
    [ "$said" = "$truth" ] || fail "$1: bytes, free chunks, fast chunks, fast bytes, free bytes, top: $said; glibc says $truth"
    jq -e '.tables[] | select(.name == "heap_free") | [.rows[] | select(.list == "cache" and .chunks == 3 and .size == 960)] + [.rows[] | select(.list == "cache" and .chunks == 5 and .size == 1008)] |
        length == 2' first.json >/dev/null || fail "$1: the caches"
    jq -e '.tables[] | select(.name == "heap_arenas") | .rows | (.[:-1] | length > 1 and all(.odd == 0)) and .[-1].caches >= 4 and
        all(.bytes == .used_bytes + .cached_bytes + .fast_bytes + .unsorted_bytes + .small_bytes + .large_bytes + .top_bytes + .own_bytes) and
        all(.idle_bytes <= .resident_bytes and .resident_bytes <= .bytes)' first.json >/dev/null || fail "$1: the sums: $(cat first.json)"
    idle=$(($(all .idle_bytes first.json) - $(all .idle_bytes second.json))) more=$(($(all .resident_bytes first.json) - $(all .resident_bytes second.json)))
    [ "$idle $more" = "$given $given" ] || fail "$1: $given bytes of free pages were given back; idle fell by $idle, resident by $more"
}
one "$VICTIMS/heap_held"
GLIBC_TUNABLES=glibc.malloc.arena_max=2 one "$VICTIMS/heap_held"
# Of 32 bits, where there is such a compiler.
if [ "$(uname -m)" = x86_64 ] && gcc -m32 -O1 -D_GNU_SOURCE -o narrow "$SOURCE/tests/programs/heap_held.c" -pthread 2>/dev/null && ./narrow </dev/null >/dev/null; then
    one ./narrow
fi
# Who has no glibc, or has damaged its heap, is told so.
if command -v musl-gcc >/dev/null; then
    printf '#include <stdlib.h>\n#include <unistd.h>\nint main(void) { free(malloc(9)); write(1, "\\n", 1); return (int)read(0, (char[1]){0}, 1); }\n' >other.c
    musl-gcc -o other other.c && mkfifo other_in other_out
    ./other <other_in >other_out &
    exec 8>other_in 9<other_out
    read -r <&9
    expect 3 "has no glibc" heap $!
    exec 8>&- 9<&-
fi
exit $failed
