#!/usr/bin/env bash
# lookup: every block that lay over an address, with who made and who ended it; modules, regions; at a time; of a process that runs.
set -u
export LC_ALL=C.UTF-8 TZ=UTC HEAPTRACER_CONFIG=none
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "lookup: $*"; failed=1; }
. "$SOURCE/tests/cli/waiting.bash"
cat >again.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void *make(void) { return malloc(100); }
static void end(void *block) { free(block); }
int main(int argc, char **argv)
{
    void *block = make();
    printf("%p", block);
    for (int i = 0; i < 4; i++) {
        end(block);
        block = make();
    }
    char *kept = malloc(5000);
    kept[0] = 1;
    printf(" %p %p\n", (void *)(kept + 70), (void *)main);
    fflush(stdout);
    if (argc > 1)
        sleep((unsigned)atoi(argv[1]));
    return 0;
}
END
cc -g -O0 -o again again.c || exit 1

"$HT" run -q --free-stacks --tick 1ns -o a.htrc -- ./again >out || fail "run: $?"
read -r block inner code <out
"$HT" lookup "$block" a.htrc --csv | tr -d '\r' >rows || fail "lookup: $?"
[ "$(grep -c '^block,' rows)" = 5 ] && [ "$(grep -c '^block,freed,.*make (.*again.c:4);main.*end (.*again.c:5);main' rows)" = 4 ] && sed -n 2p rows | grep -q '^block,left,' || fail "five blocks: $(cat rows)"
"$HT" lookup "$inner" a.htrc --csv | grep -q '^block,left,0x[0-9a-f]*,5000,70,' || fail "inside of a block: $("$HT" lookup "$inner" a.htrc --csv)"
"$HT" lookup "$code" a.htrc --csv | grep -q "^module,.*/again at 0x" || fail "code: $("$HT" lookup "$code" a.htrc --csv)"
# At a time: after the second birth there were two blocks.
second=$(sed -n 5p rows | cut -d, -f7)
[ "$("$HT" lookup "$block" a.htrc --csv --at "${second}ns" | grep -c '^block,')" = 2 ] || fail "at $second: $("$HT" lookup "$block" a.htrc --csv --at "${second}ns")"
"$HT" lookup 0x10 a.htrc >rows; [ $? = 1 ] && grep -q nothing rows || fail "an address of nothing: $(cat rows)"
"$HT" lookup lots a.htrc 2>err; [ $? = 2 ] && grep -q "'lots' is no address" err || fail "no address: $(cat err)"
head -c $(($(stat -c %s a.htrc) * 2 / 3)) a.htrc >cut.htrc
"$HT" lookup "$block" cut.htrc >rows 2>err; [ $? = 3 ] || fail "a cut trace: $(cat rows err)"

# A process that runs: what it did just now, and its line in /proc.
"$HT" run -q -o b.htrc -- ./again 300 >out2 &
until_true '[ -s out2 ]'
pid=$(pgrep -P $! -f '^./again 300$')
read -r block inner code <out2
"$HT" lookup "$inner" "$pid" --csv >rows || fail "of process $pid: $?"
grep -q '^block,live,0x[0-9a-f]*,5000,70,' rows && grep -q '^mapping,.*rw-p \[heap\]' rows || fail "of a process that runs: $(cat rows)"
kill "$pid"; wait
exit $failed
