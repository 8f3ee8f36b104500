#!/usr/bin/env bash
# totals: what the recorder counted and what the events add up to is the same, over programs with threads, forks, execs, heaps and page maps.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR PAGER COLUMNS
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "totals: $*"; failed=1; }

same() { # same NAME WORDS...: analyze with and without the totals
    local name=$1
    shift
    "$HT" analyze "$name.htrc" --width 200 "$@" >totals.out 2>totals.err || fail "$name '$*' ends with $?: $(cat totals.err)"
    "$HT" analyze "$name.htrc" --width 200 --read-all "$@" >events.out 2>events.err
    diff totals.out events.out >diff.out || fail "$name '$*' differs: $(cat diff.out)"
}

recorded() { # recorded NAME COMMAND...
    local name=$1
    shift
    "$HT" run -q -o "$name.htrc" "$@" >/dev/null 2>run.err
    [ -s "$name.htrc" ] || { fail "$name is not recorded: $(cat run.err)"; return; }
    same "$name"
    same "$name" --table summary --json
    for table in peak hotspots temporary; do
        same "$name" --table "$table" --stacks --limit 50
    done
    "$HT" analyze "$name.htrc" --quick --json >quick.json || fail "$name: --quick ends with $?"
}

recorded leaky -- "$VICTIMS/leaky"
recorded kinds -- "$VICTIMS/kinds"
recorded forks -- "$VICTIMS/run_forks" 3
recorded shell -- sh -c 'ls / | sort | tail -2; (env echo one & env echo two; wait); exec env true'
recorded fork -- "$VICTIMS/rt_forks" fork 5
recorded threads -- "$VICTIMS/rt_threads" 200 4
recorded api -- "$VICTIMS/rt_api" 100
recorded maps --maps -- "$VICTIMS/rt_maps" 1
recorded sampled --sample 4K -- "$VICTIMS/leaky"
"$HT" analyze api.htrc --table hotspots --columns source --csv | grep -q 'rt_api.c:16 allocate_by_macros' || fail "no table shows the source of HT_MALLOC"
same api --table hotspots --columns allocated_bytes,source,stack
"$HT" analyze leaky.htrc --quick --table timeline >out 2>&1 && fail "--quick answers a table that needs events"
grep -q "timeline" out || fail "--quick does not say which table it cannot answer: $(cat out)"
exit $failed
