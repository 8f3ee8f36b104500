#!/usr/bin/env bash
# firmware_views: of a golden firmware trace the dashboard, on wide and plain terminals, is as kept; each of its tables comes as CSV, JSON and a diff; gates see them.
set -eu
fail() { echo "firmware_views: $*"; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
trace=light.htrc
cp "$SOURCE/tests/golden/$trace" .
"$HT" report $trace --format dashboard >dashboard.txt
diff dashboard.txt "$SOURCE/tests/cli/expected/dashboard_light.txt" || fail "the dashboard is not as kept"
[ "$("$HT" report $trace --format dashboard | python3 -c 'import sys; print(*{len(line.rstrip("\n")) for line in sys.stdin})')" = 100 ] || fail "the dashboard is not square"
"$HT" dump $trace --json >events.json
python3 "$SOURCE/tests/cli/check_events.py" "$SOURCE/docs/json-schema/event.schema.json" events.json || fail "events do not follow the schema"
"$HT" analyze $trace >page.txt
for title in Faults Tasks Regions; do grep -qx "$title" page.txt || fail "the first page has no $title"; done
for table in faults alerts tasks regions region_timeline region_map placement pools; do
    "$HT" analyze $trace -t $table --csv >$table.csv
    "$HT" analyze $trace -t $table --json >$table.json
    python3 "$SOURCE/tests/cli/check_tables.py" "$SOURCE/docs/json-schema/tables.schema.json" $table.json || fail "$table.json is wrong"
    [ "$(wc -l <$table.csv)" -gt 1 ] || fail "$table.csv is empty"
    "$HT" diff $trace $trace -t $table >diff.txt || fail "no diff of $table"
    if grep -qE '^  (worse|better|new|gone)' diff.txt; then fail "a trace differs from itself in $table"; fi
done
python3 - <<'P' || fail "CSV and JSON differ"
import csv, json
for table in ("faults", "tasks", "regions", "placement"):
    rows = json.load(open(table + ".json"))["tables"][0]["rows"]
    lines = list(csv.DictReader(open(table + ".csv", newline="")))
    assert len(rows) == len(lines), table
    for name in ("bad_bytes", "left_bytes", "free_bytes", "saving_bytes", "block"):
        assert all(str(row[name]) == line[name] for row, line in zip(rows, lines) if name in row), (table, name)
P
if "$HT" analyze $trace -t faults --fail-on 'faults.bad_bytes>15' >/dev/null; then fail "a gate does not see faults"; fi
"$HT" analyze $trace -t tasks --fail-on 'tasks.used_share>1' >/dev/null || fail "a gate sees what is not there"
"$HT" report $trace -q --json -o report.json
"$HT" analyze $trace -t all --json >all.json
python3 "$SOURCE/tests/cli/check_report.py" all.json report.json >check.txt || { cat check.txt; fail "report.json is wrong"; }
