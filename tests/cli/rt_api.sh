#!/usr/bin/env bash
# rt_api: what heaptracer.h tells is in the lanes; without the runtime nothing happens; with HT_ENABLED 0 not one byte differs from plain calls.
. "$SOURCE/tests/cli/rt_common.bash"
"$VICTIMS/rt_api" >"$TMP/output" || failed=1
expect "without the runtime: watched" "$(said watched)" -eq 0
expect "without the runtime: lanes" "$(said lanes)" -eq 0

lines() { grep -c "$1" "$TMP/lanes"; }
lanes print=1 -- "$VICTIMS/rt_api"
sound "api"
expect "watched" "$(said watched)" -eq 1
expect "recording goes on" "$(said recording)" -eq 1
expect "mark" "$(lines '^more .*type=4 text=begin$')" -eq 1
expect "heap" "$(lines '^more .*type=5 text=cells$')" -eq 1
expect "states: stopped and started" "$(value states)" -eq 2
expect "stopped: nothing" "$(lines '^alloc.* size=2001 ')" -eq 0
expect "started: something" "$(lines '^alloc.* size=2002 ')" -eq 1
expect "heap: blocks" "$(lines '^alloc_wide.* api=custom ')" -eq 3
expect "heap: frees" "$(lines '^free_stack.* api=custom ')" -eq 2
expect "heap: refusal" "$(lines '^refuse.* api=custom .* size=100000 ')" -eq 1
expect "each place is told once" "$(value sources)" -eq 4
for place in 'function=allocate_by_macros variable=at->name' 'function=allocate_by_macros variable=copy' 'function=allocate_by_macros variable=zeroed'; do
    expect "place: $place" "$(lines "type=7 .*file=.*rt_api.c $place\$")" -ge 1
done
id=$(sed -n 's/.*type=7 id=\([0-9]*\) .*variable=at->name$/\1/p' "$TMP/lanes")
expect "the block of a place" "$(lines "^alloc_wide.* size=1001 .* source=${id:-none}\$")" -eq 2
expect "realloc of a place" "$(grep '^resize_end.* size=1003 ' "$TMP/lanes" | grep -vc 'source=0$')" -eq 2
expect "a plain malloc has none" "$(lines '^alloc.* size=1004 .* source=0$')" -eq 2

cat >"$TMP/same.c" <<'END'
#ifdef PLAIN
#include <stdlib.h>
#include <string.h>
#define M(variable, bytes) malloc(bytes)
#define C(variable, count, bytes) calloc(count, bytes)
#define R(variable, block, bytes) realloc(block, bytes)
#define S(variable, text) strdup(text)
#define F(block) free(block)
#define API(call)
#else
#define HT_ENABLED 0
#include <heaptracer/heaptracer.h>
#define M HT_MALLOC
#define C HT_CALLOC
#define R HT_REALLOC
#define S HT_STRDUP
#define F HT_FREE
#define API(call) call
#endif
char *use(size_t bytes)
{
    API(ht_start(NULL);)
    API(ht_mark("begin");)
    char *one = M(one, bytes), *two = C(two, 3, bytes), *three = S(three, "text");
    API(ht_on_alloc(ht_heap_add("pool", one, bytes, HT_MEMORY_POOL), one, bytes);)
    one = R(one, one, bytes * 2);
    API(ht_on_resize(1, one, two, bytes);)
    API(ht_on_refuse(1, bytes);)
    API(ht_on_free(1, one);)
    F(two);
    F(three);
    API(ht_stop();)
    return one;
}
END
for compiler in cc c++; do
    for level in -O0 -O2 -Os; do
        language=$([ $compiler = cc ] && echo c || echo c++)
        for way in PLAIN TRACED; do
            sed "$([ $language = c++ ] && echo 's/ = \([MCRS](\)/ = (char *)\1/g; s/three = S/three = (char *)S/' || echo '')" "$TMP/same.c" >"$TMP/file.${language/c++/cc}"
            (cd "$TMP" && $compiler -D_GNU_SOURCE -x $language $level -I "$SOURCE/include" -D$way -c "file.${language/c++/cc}" -o $way.o) || failed=1
            for section in .text .data .rodata .bss .data.rel.ro .rodata.str1.1; do
                objcopy -O binary --only-section=$section "$TMP/$way.o" "$TMP/$way$section" 2>"$TMP/errors"
            done
            nm "$TMP/$way.o" >"$TMP/$way.names"
        done
        for part in .text .data .rodata .bss .data.rel.ro .rodata.str1.1 .names; do
            cmp -s "$TMP/PLAIN$part" "$TMP/TRACED$part" || { echo "FAIL: $compiler $level: $part differs with HT_ENABLED 0"; failed=1; }
        done
        expect "$compiler $level: there is code" "$(stat -c %s "$TMP/PLAIN.text")" -gt 20
    done
done
# With tracing on it is another program: the comparison can fail.
(cd "$TMP" && sed 's/HT_ENABLED 0/HT_ENABLED 1/' same.c >on.c && cc -D_GNU_SOURCE -O2 -I "$SOURCE/include" -c on.c -o on.o && objcopy -O binary --only-section=.text on.o on.text) || failed=1
cmp -s "$TMP/PLAIN.text" "$TMP/on.text" && { echo "FAIL: tracing makes no difference"; failed=1; }
# Warnings are errors in strict programs.
for strict in "cc -std=c99" "cc -std=c17" "c++ -std=c++11" "c++ -std=c++20"; do
    printf '#include <heaptracer/heaptracer.h>\nint main(void) { ht_mark("x"); return (int)ht_counters().lanes; }\n' >"$TMP/strict.c"
    $strict -x $([[ $strict == c++* ]] && echo c++ || echo c) -Wall -Wextra -Werror -pedantic -I "$SOURCE/include" -o "$TMP/strict" "$TMP/strict.c" || { echo "FAIL: $strict"; failed=1; }
done
finish
