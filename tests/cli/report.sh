#!/usr/bin/env bash
# report: its documents and pages follow the schemas and add up to the tables, of recordings, golden traces, a part of the time and a cut trace; no file is overwritten.
set -eu
fail() { echo "report: $*"; exit 1; }
folder=$(mktemp -d "$BUILD/report.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
check="python3 $SOURCE/tests/cli/check_report.py"

for victim in leaky rt_threads rt_forks; do
    "$HT" run -q -o $victim.htrc -- "$VICTIMS/$victim" >/dev/null 2>&1 || true
done
cp "$SOURCE/tests/golden/long.htrc" "$SOURCE/tests/golden/small.htrc" .
for name in leaky rt_threads rt_forks long small; do
    "$HT" analyze $name.htrc -t all --json -o $name.tables.json
    "$HT" report -q $name.htrc
    "$HT" report $name.htrc --json -o $name.json -q
    "$HT" report $name.htrc --format json >$name.health.json
    $check $name.tables.json $name.json $name.html $name.health.json || fail "$name"
    "$HT" report $name.htrc --json | cmp - $name.json || fail "$name: two reports of one trace differ"
done

"$HT" analyze long.htrc -t all --json --from 1ms -o from.tables.json
"$HT" report long.htrc --json --from 1ms -o from.json -q
$check from.tables.json from.json || fail "a report of a part of the time"

jq -e '.health | .score != null and (.findings | map(.id) | index("leaks")) != null and (.summary | length) >= 3' leaky.json >/dev/null || fail "the health of leaky"
"$HT" report leaky.htrc --format text >text
for head in "MEMORY HEALTH REPORT" "EXECUTIVE SUMMARY" "KEY FINDINGS" "RECOMMENDATIONS" "METRICS"; do
    grep -q "$head" text || fail "the text has no $head"
done
"$HT" report leaky.htrc --format markdown | grep -q '^## Key findings' || fail "Markdown"

# The three forms of the health report tell the same metrics and findings.
[ "$(jq '.findings | length' leaky.health.json)" = "$(jq '.health.findings | length' leaky.json)" ] || fail "findings differ"
[ "$(jq '.metrics | length' leaky.health.json)" = "$(sed -n '/^METRICS/,$p' text | tail -n +2 | wc -l)" ] || fail "metrics differ"

# A file that is there stays as it is.
before=$(sha256sum leaky.html)
code=0; "$HT" report leaky.htrc 2>said || code=$?
[ $code = 3 ] && grep -q "leaky.html' is there already; --force replaces it" said || fail "a file was overwritten, or the mend not said: $(cat said)"
[ "$before" = "$(sha256sum leaky.html)" ] || fail "the file changed"
"$HT" report leaky.htrc -f -q || fail "--force"
"$HT" report leaky.htrc -o - | cmp - leaky.html || fail "-o -"
"$HT" report - --json <leaky.htrc | jq -e '.trace.path == "-" and .complete' >/dev/null || fail "standard input"
code=0; "$HT" report - <leaky.htrc 2>/dev/null || code=$?
[ $code = 2 ] || fail "a page of standard input has no name, but the code was $code"
code=0; "$HT" report leaky.htrc --json --format text 2>/dev/null || code=$?
[ $code = 2 ] || fail "--json and --format: the code was $code"

# With an earlier recording: its sites add up to its own report's, the change of the whole is the difference, and a run does not differ from itself.
"$HT" run -q -o earlier.htrc -- "$VICTIMS/leaky" >/dev/null 2>&1 || true
"$HT" report earlier.htrc --json -q -o earlier.json
for old in earlier rt_threads; do
    "$HT" report leaky.htrc --before $old.htrc --json -q -f -o both.json
    $check leaky.tables.json both.json || fail "a report with $old before it"
    jq -e --slurpfile old $old.json '(.before.sites | del(.stack, .source, .lifetime_median_ns) | map_values(add)) == ($old[0].sites | del(.stack, .source, .lifetime_median_ns) | map_values(add)) and .before.trace.path == $old[0].trace.path' \
        both.json >/dev/null || fail "the sites of $old are not those of its own report"
    jq -e --slurpfile now leaky.json --slurpfile old $old.json '
        def whole(report; name): report[0].tables[] | select(.name == "summary").rows[0][name];
        .before.changes[] | select(.name == "summary").rows | . == [] and whole($now; "peak_bytes") == whole($old; "peak_bytes") or (.[0] | .allocated_bytes_change == whole($now; "allocated_bytes") - whole($old; "allocated_bytes")
            and .peak_bytes_before == whole($old; "peak_bytes") and .leaked_bytes_after == whole($now; "leaked_bytes"))' both.json >/dev/null || fail "the change from $old"
done
jq -e '.before.sites.stack == .sites.stack' both.json >/dev/null && fail "two programs have the same stacks"
"$HT" report leaky.htrc --before earlier.htrc --json | jq -e '([.before.sites.stack[]] - [.sites.stack[]]) == []' >/dev/null || fail "the same stacks of two runs are told apart"
"$HT" report leaky.htrc --before leaky.htrc --json | jq -e '.before.changes | map(select(.name | endswith("timeline") | not).rows[]) == []' >/dev/null || fail "a run differs from itself"
"$HT" report leaky.htrc --before earlier.htrc -q -f -o both.html && $check leaky.tables.json both.html || fail "the page with an earlier recording"
code=0; "$HT" report leaky.htrc --before earlier.htrc --format text 2>/dev/null || code=$?
[ $code = 2 ] || fail "--before and --format text: the code was $code"
code=0; "$HT" report leaky.htrc --before missing.htrc --json >/dev/null 2>&1 || code=$?
[ $code = 3 ] || fail "--before with a missing trace: the code was $code"

# What is left of a cut trace is reported, with the problem in it.
head -c $(($(stat -c %s long.htrc) * 2 / 3)) long.htrc >cut.htrc
code=0; "$HT" report cut.htrc --json -o cut.json 2>/dev/null || code=$?
[ $code = 3 ] && [ -s cut.json ] || fail "a cut trace: code $code"
code=0; "$HT" analyze cut.htrc -t all --json -o cut.tables.json 2>/dev/null || code=$?
$check cut.tables.json cut.json || fail "the report of a cut trace"
jq -e '.health.score == null and .complete == false and (.tables | length) > 10' cut.json >/dev/null || fail "a cut trace has no score"
code=0; "$HT" report missing.htrc 2>/dev/null || code=$?
[ $code = 3 ] && [ ! -e missing.html ] || fail "a missing trace"

# The checker sees what is wrong.
for change in '.sites.leaked_bytes[0] += 1' '.slices.sites.slice[0] = 200' '.stacks.parent[1] = 1' '.frames = .frames[:1]' '.slices.threads.freed_bytes[0] += 1' 'del(.lines)' '.health.score = "x"'; do
    jq "$change" rt_threads.json >wrong.json
    if $check rt_threads.tables.json wrong.json >/dev/null; then fail "the checker does not see $change"; fi
done
