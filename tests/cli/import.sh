#!/usr/bin/env bash
# import: files that other tools write here and now give the totals of those tools; files that are cut, damaged, of other versions or hostile end with a sentence.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "import: $*"; failed=1; }
program=$(command -v sqlite3)
query='with recursive c(x) as (select 1 union all select x+1 from c where x<3000) select count(distinct hex(x*7)) from c;'
same() { python3 "$SOURCE/tests/export/imported.py" "$HT" "$@" || fail "$1: the totals differ"; }
made() { # made FORMAT FILE TRACE OPTIONS...: imports quietly, whatever the format looks like
    "$HT" import -q -f "$2" -o "$3" "${@:4}" 2>err || fail "$1: $(cat err)"
}

heaptrack -o by_heaptrack "$VICTIMS/leaky" >/dev/null 2>&1
made heaptrack by_heaptrack.zst ht.htrc
same heaptrack by_heaptrack.zst ht.htrc
zstd -dqc by_heaptrack.zst >by_heaptrack && gzip -k by_heaptrack
for file in by_heaptrack by_heaptrack.gz -; do
    "$HT" import -q -f "$file" -o other.htrc <by_heaptrack.zst && "$HT" dump other.htrc >other.txt && "$HT" dump ht.htrc | cmp - other.txt ||
        fail "$file gives other events"
done
"$HT" analyze ht.htrc --table leaks --csv | grep -q "parse_row.*leaky.c:9" || fail "names of functions are lost"
"$HT" export -q ht.htrc --to heaptrack -o back.zst && same heaptrack back.zst ht.htrc

valgrind -q --tool=massif --stacks=yes --massif-out-file=by_massif "$VICTIMS/leaky" >/dev/null 2>&1
made massif by_massif ms.htrc
same massif by_massif ms.htrc
"$HT" export -q ht.htrc --to massif -o our.massif.out && made massif our.massif.out ours.htrc && same massif our.massif.out ours.htrc

MALLOC_CONF=prof:true,prof_final:true,prof_accum:true,lg_prof_sample:10,prof_prefix:by_jemalloc LD_PRELOAD=libjemalloc.so.2 "$program" :memory: "$query" >/dev/null
mv by_jemalloc.*.heap by_jemalloc
made jemalloc by_jemalloc je.htrc
same jemalloc by_jemalloc je.htrc "$program"
made jemalloc by_jemalloc je_freed.htrc --with-freed
same jemalloc by_jemalloc je_freed.htrc "$program" freed

HEAPPROFILE=$work/by_gperftools LD_PRELOAD=libtcmalloc.so.4 "$program" :memory: "$query" >/dev/null 2>&1
mv by_gperftools.0001.heap by_gperftools
made gperftools by_gperftools gp.htrc
same gperftools by_gperftools gp.htrc "$program"
made gperftools by_gperftools gp_freed.htrc --with-freed
same gperftools by_gperftools gp_freed.htrc "$program" freed
"$HT" analyze gp.htrc --table leaks --csv | grep -q "libsqlite3\|sqlite3\|fopen\|nss" || fail "addresses of a heap profile are not named"

for version in v4 v5; do
    cp "$SOURCE/tests/export/samples/esp_idf_$version.txt" "esp_$version"
    "$HT" import -f "esp_$version" -o "esp_$version.htrc" 2>err || fail "ESP-IDF $version: $(cat err)"
    grep -q "records have" err && fail "ESP-IDF $version: $(cat err)"
    told=$(sed -n "s/^\([0-9]*\) bytes .*in trace (\([0-9]*\).*/\1,\2/p" "esp_$version")
    got=$("$HT" analyze "esp_$version.htrc" --table summary --columns leaked_bytes,leaked_count --csv | tail -1 | tr -d '\r')
    [ "$told" = "$got" ] || fail "ESP-IDF $version: '$got' lives, the dump says '$told'"
done
"$HT" analyze esp_v5.htrc --table heaps --csv | grep -q PSRAM || fail "ESP-IDF: the kind of memory is lost"
made esp_idf esp_v5 elf.htrc --elf "$VICTIMS/leaky"
"$HT" analyze elf.htrc --table leaks --csv | grep -q "leaky+0x400d6411" || fail "--elf does not say where addresses lie"

# A sanitized command reserves terabytes of addresses and uses few of them: there what it uses is bounded.
limit() {
    if nm -D "$HT" | grep -q __asan_init; then export ASAN_OPTIONS=${ASAN_OPTIONS:-}:hard_rss_limit_mb=3000; else ulimit -v 3000000; fi
}
wrong() { # wrong WORDS FILE ...: what is wrong is said with its place, in bounded memory
    local words=$1 rc=0
    shift
    (limit; timeout 200 "$HT" import -f -o wrong.htrc "$@" >out 2>err) || rc=$?
    [ "$rc" = 3 ] && [ "$(grep -c . err)" -le 4 ] && grep -q -- "$words" err || fail "'$*' ends with $rc and says $(cat err)"
}
head -c 400 by_heaptrack.zst >cut.zst
wrong "cut.zst:.*cut" cut.zst
{ head -c 300 by_heaptrack.gz; head -c 900 /dev/urandom; } >damaged.gz
wrong "damaged.gz" damaged.gz
printf 'v 20000 4\nX a\n' >newer
wrong "newer:1: format 4" newer
printf 'v 10400 3\nX a\ni 1 0\nt 1 2\n' >circle
wrong "circle:4: .*parent" circle
printf 'v 10400 3\nX a\ni 1 0\nt 1 0\na 7fffffffffffffff 1\n+ 0\n+ 3\n' >number
wrong "number:7:" number
printf 'v 10400 3\nx 7f00 app\n' >raw
wrong "raw:2: raw data" raw
sed '/^snapshot=20$/,$d' by_massif >cut_massif; echo 'snapshot=20' >>cut_massif
wrong "cut_massif:.*middle of a snapshot" cut_massif
sed 's/^ n[0-9]*: [0-9]*/ n1000000000: 99999999999/' by_massif >liar
wrong "liar:.*heap tree" liar
printf 'heap_v2/524288\n  t*: 1: 1 [0: 0]\n@ 0x1\n  t*: 1000000000: 1000000000000 [0: 0]\n' >billion
wrong "billion: more than 16777216 blocks" billion
printf 'heap profile: 1: 1 [ 1: 1] @ heap/524288\n' >old
wrong "old:1: sampled in the old way" old
printf 'nothing of anybody\n' >strange
wrong "strange: is of no format" strange
yes '+ 0' | head -c 1500M | zstd -q >bomb.zst
{ printf 'v 10400 3\nX a\ni 1 0\nt 1 0\na 1 1\n' | zstd -q; cat bomb.zst; } >bombs.zst
wrong "bombs.zst:.*1000 times\|too many blocks" bombs.zst
head -c 300M /dev/zero | gzip >zeros.gz
wrong "zeros.gz" zeros.gz --from massif
printf '%02000000d' 1 >long
wrong "long:1: a line of more" long --from heaptrack
wrong "none cannot be opened" none
printf 'v 10400 3\nX a\ns 1a <script>alert(1)</script>\033\ni 1 0 1 0 0\nt 1 0\na 8 1\n+ 0\n' >markup
made heaptrack markup markup.htrc
"$HT" analyze markup.htrc --table leaks --json | python3 -c 'import json,sys; assert any("<script>" in frame["function"] for frame in json.load(sys.stdin)["frames"])' ||
    fail "a name with markup is not kept as it is"
"$HT" analyze markup.htrc --table leaks | grep -q $'\033' && fail "a name moves the cursor"

echo mine >there.htrc
"$HT" import markup -o there.htrc 2>err && fail "a trace that is there is overwritten"
grep -q -- "--force" err && [ "$(cat there.htrc)" = mine ] || fail "a trace that is there: $(cat err)"
"$HT" import markup --from heaptrak 2>err; [ $? = 2 ] && grep -q "did you mean 'heaptrack'" err || fail "no hint: $(cat err)"
exit $failed
