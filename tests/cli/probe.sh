#!/usr/bin/env bash
# probe: in processes that run, out every call of the allocator, exactly, through the kernel's uprobes; children, threads, static programs, all processes; nothing stays.
set -u
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "probe: $*"; cat said 2>/dev/null; exit 1; }
"$HT" probe $$ --duration 1ms -q -o try.htrc 2>said || { grep -qE "root|ring" said && { echo "probe: skipped: $(cat said)"; exit 77; }; fail "a shell"; }

start() { mkfifo go 2>/dev/null; "$@" <go >out & victim=$!; exec 7>go; until_true '[ "$(cat /proc/$victim/comm 2>/dev/null)" = '"$(basename "$1")"' ]' || fail "no $1"; }
# Waits until the kernel's probes are in.
ready() { until_true 'grep -q "Ctrl-C ends" said' || fail "no probes"; }
rows() { "$HT" analyze "$1" --table "$2" --json | python3 -c '
import json, sys
page = json.load(sys.stdin)
for row in page["tables"][0]["rows"]: print(*[row[name] for name in sys.argv[1:]])' "${@:3}"; }

start "$VICTIMS/probed"
rm -f said; "$HT" probe $victim -o a.htrc 2>said & prober=$!
ready; echo >&7; exec 7>&-; wait $victim; wait $prober || fail "its exit code"
# 200 x (calloc, realloc, new) in the thread and in the child.
[ "$(rows a.htrc threads allocations | sort -n | tail -2 | tr '\n' ' ')" = "600 600 " ] || fail "threads: $(rows a.htrc threads allocations)"
"$HT" analyze a.htrc --table leaks --json | python3 -c '
import json, sys
page = json.load(sys.stdin)
rows = [(row["bytes"], row["count"], [page["frames"][i]["function"] for i in page["stacks"][str(row["stack"])]][0]) for row in page["tables"][0]["rows"]]
assert (100000, 100, "keep()") in rows, rows' || fail "what was kept"
[ "$(rows a.htrc processes how | tr '\n' ' ')" = "first fork " ] || [ "$(rows a.htrc processes process | wc -l)" = 2 ] || fail "the child"
rows a.htrc summary lost_events | grep -qx 0 || fail "events were lost"
frees=$("$HT" dump a.htrc | grep -c "^[0-9]* [0-9.]* [0-9]*/[0-9]* free ")
[ "$frees" -ge 800 ] && [ "$frees" -lt 840 ] || fail "$frees frees: delete[] and the free in it are one"

# A static program, which nothing can be preloaded into.
cat >still.c <<'END'
#include <stdio.h>
#include <stdlib.h>
static void *volatile sink;
__attribute__((noinline)) void make(void) { sink = malloc(77); }
int main(void) { getchar(); for (int i = 0; i < 500; i++) make(); return 0; }
END
cc -O1 -g -static -o still still.c || fail "cc"
start ./still
rm -f said; "$HT" probe $victim -o s.htrc 2>said & prober=$!
ready; echo >&7; exec 7>&-; wait $victim; wait $prober || fail "of a static program"
rows s.htrc leaks bytes count | grep -qx "38500 500" || fail "static: $(rows s.htrc leaks bytes count)"

# All processes: ours is among them.
start "$VICTIMS/probed"
rm -f said; "$HT" probe --all --duration 200s -o all.htrc 2>said & prober=$!
ready; echo >&7; exec 7>&-; wait $victim; kill -INT $prober; wait $prober || fail "--all"
# A busy machine may tell more than the rings hold: then it says how much is missing.
rows all.htrc threads allocations | grep -qx 600 || rows all.htrc summary lost_events | grep -q '[1-9]' || fail "--all: $(rows all.htrc threads allocations | sort -n | tail -5)"

# What cannot be.
ends() { local wanted=$1; shift; "$HT" probe "$@" >page 2>said; [ $? = "$wanted" ] || fail "probe $*"; }
ends 2; ends 2 --all 1; ends 2 x; ends 3 4194303; ends 2 --all --library "$SOURCE/README.md" -o n.htrc; grep -q "no program or library" said || fail "README"
[ ! -e n.htrc ] || fail "a file stays"
if mknod nothing c 1 3 2>/dev/null; then
    ends 2 --all --library "$SOURCE/README.md" -f -o nothing
    [ -c nothing ] || fail "a device was removed"
fi
ends 3 $$ -o a.htrc; grep -q "exists" said || fail "replaced"
# Nothing is left in the kernel, also not of one that was killed.
rm -f said; "$HT" probe $$ -o k.htrc 2>said & prober=$!; ready; kill -9 $prober; wait $prober 2>/dev/null
"$HT" probe $$ --duration 10ms -q -o l.htrc || fail "behind one that was killed"
for place in /sys/kernel/tracing /sys/kernel/debug/tracing; do
    [ ! -e $place/uprobe_events ] || ! grep -q heaptracer_ $place/uprobe_events || fail "left in the kernel: $(cat $place/uprobe_events)"
done
echo ok
