#!/usr/bin/env bash
# formats: the accepted JSON page of the views follows the schema, and their CSV pages read back cell by cell; a wrong document is refused.
set -eu
golden=$SOURCE/tests/unit/view/golden
check="python3 $SOURCE/tests/cli/check_tables.py $SOURCE/docs/json-schema/tables.schema.json"
fail() { echo "formats: $*"; exit 1; }
$check "$golden/tables.json" || fail "tables.json does not follow the schema"
wrong=$BUILD/formats.wrong.json
for change in 's/"shape": "tree"/"shape": "bush"/' 's/"0x1000"/4096/' 's/"stack": 5/"stack": 55/' 's/"complete": false/"complete": true/' 's/"parent": 0, //' 's/"bytes": 1023/"bytes": 10.5/'; do
    sed "$change" "$golden/tables.json" >"$wrong"
    if $check "$wrong" >/dev/null; then fail "the checker does not see $change"; fi
done
python3 - "$golden" <<'P' || fail "CSV does not read back"
import csv, json, sys
folder = sys.argv[1]
tables = {table["shape"]: table for table in json.load(open(f"{folder}/tables.json"))["tables"] if table["rows"] and table["name"] != "summary"}
for shape, table in tables.items():
    with open(f"{folder}/{shape}.csv", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    extra = 2 if shape == "tree" else 0
    names = [column["name"] for column in table["columns"]]
    assert rows[0][extra:] == names, rows[0]
    assert len(rows) == len(table["rows"]) + 1
    for number, (fields, row) in enumerate(zip(rows[1:], table["rows"])):
        assert len(fields) == len(names) + extra
        if extra:
            assert fields[:2] == [str(number), "" if row["parent"] is None else str(row["parent"])], fields
        for column, field in zip(table["columns"], fields[extra:]):
            value = row[column["name"]]
            if column["kind"] in ("ratio", "real"):
                assert abs(float(field) - value) <= 1e-12 * abs(value), (field, value)
            elif column["kind"] not in ("stack", "frame"):
                assert field == str(value), (field, value)
P
