#!/usr/bin/env bash
# visualize: every type of picture is valid XML with a title and a description, the same bytes each time, harmless for hostile names, and overwrites nothing.
set -eu
fail() { echo "visualize: $*"; exit 1; }
folder=$(mktemp -d "$BUILD/visualize.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
types=$(sed -n 's/^PICTURE(\([a-z_]*\),.*/\1/p' "$SOURCE/host/view/picture.def")
[ "$(echo "$types" | wc -l)" -ge 11 ] || fail "picture.def lists too few types"

cat >evil.c <<'C'
#include <stdlib.h>
__attribute__((noinline)) void *evil(void) { return malloc(100000); }
int main(void) { for (int i = 0; i < 30; i++) if (!evil()) return 1; return 0; }
C
gcc -O0 -c -o evil.o evil.c
objcopy --redefine-sym "evil=</text><script>alert(1)</script>&\"'" evil.o
gcc -o evil evil.o
"$HT" run -q -o evil.htrc -- ./evil
"$HT" run -q -o rt_threads.htrc -- "$VICTIMS/rt_threads" >/dev/null 2>&1 || true
cp "$SOURCE/tests/golden/long.htrc" "$SOURCE/tests/golden/small.htrc" .

for name in evil rt_threads long small; do
    for type in $types; do
        "$HT" visualize -q $name.htrc --type "$type" || fail "$name $type"
        svg=$name.$type.svg
        xmllint --noout "$svg" || fail "$svg is no XML"
        [ "$(xmllint --xpath 'count(/*/*[local-name()="title" and string-length() > 3]) + count(/*/*[local-name()="desc" and string-length() > 10])' "$svg")" = 2 ] ||
            fail "$svg has no title or description"
        [ "$(xmllint --xpath 'count(//*[local-name()="script"]) + count(//@*[starts-with(name(), "on")]) + count(//*[local-name()="image"])' "$svg")" = 0 ] || fail "$svg has a script"
        grep -qi 'nan\|inf"' "$svg" && fail "$svg has a place that is no number"
        "$HT" visualize $name.htrc --type "$type" -o - | cmp - "$svg" || fail "$svg: the second picture differs"
    done
done
xmllint --xpath 'string(//*[local-name()="text"][contains(., "<script>")])' evil.flame.svg | grep -qF '</text><script>' || fail "the hostile name is not there as text"

# Texts are texts, and a picture tells the figures of the tables.
peak=$("$HT" analyze rt_threads.htrc -t summary --json | jq '.tables[0].rows[0].peak_bytes')
[ "$peak" -gt 0 ] || fail "rt_threads has no peak"
grep -q '>never freed<' rt_threads.sizes.svg || fail "the legend is no text"
grep -q 'prefers-color-scheme' rt_threads.flame.svg || fail "auto has no dark form"
"$HT" visualize rt_threads.htrc -t flame --theme dark -o - | grep -q 'prefers-color-scheme' && fail "dark depends on the reader"
for metric in peak leaked allocated temporary allocations; do
    for type in flame treemap sites heatmap; do
        "$HT" visualize rt_threads.htrc -t $type -m $metric -o - | xmllint --noout - || fail "$type by $metric"
    done
done
"$HT" visualize rt_threads.htrc -t sizes --width 400 --height 300 -o - | grep -q 'width="400" height="300"' || fail "--width --height"

refused() { # CODE WORDS ARGS...
    local code=0 wanted=$1 words=$2
    shift 2
    "$HT" visualize "$@" >said 2>&1 || code=$?
    [ $code = "$wanted" ] && grep -q -- "$words" said || fail "visualize $*: code $code, $(cat said)"
}
refused 3 "is there already; --force" rt_threads.htrc -t sizes
refused 2 "did you mean 'flame'" rt_threads.htrc -t flmae -o -
refused 2 "name it with --type" rt_threads.htrc
refused 2 "200 to 20000 pixels" rt_threads.htrc -t sizes -o - --width 10
refused 3 "missing.htrc" missing.htrc -t sizes
[ ! -e missing.sizes.svg ] || fail "a missing trace left a file"
"$HT" visualize rt_threads.htrc -t sizes -f -q || fail "--force"
head -c $(($(stat -c %s long.htrc) * 2 / 3)) long.htrc >cut.htrc
refused 3 "cut.htrc" cut.htrc -t memory_usage
xmllint --noout cut.memory_usage.svg || fail "what is left of a cut trace is not drawn"
