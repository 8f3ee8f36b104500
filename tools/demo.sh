#!/usr/bin/env bash
# demo: in a build folder, out where the memory of Debian's own sqlite3 goes while it loads, indexes and groups 200,000 made-up orders.
set -eu
cd "$(dirname "$0")/.."
build=$PWD/${1:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/orders.sql" <<'SQL'
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, item TEXT, cents INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO orders SELECT i, 'customer ' || (i * 7919 % 4999), 'item ' || (i * 104729 % 997), i * 31 % 99991 FROM n;
CREATE INDEX by_customer ON orders(customer);
SELECT customer, count(*), sum(cents), group_concat(DISTINCT item) FROM orders GROUP BY customer ORDER BY 3 DESC LIMIT 3;
SQL

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
say "heaptracer run -o sqlite3.htrc -- sqlite3 :memory: <orders.sql"
"$build/heaptracer" run -o "$folder/sqlite3.htrc" -- sqlite3 :memory: <"$folder/orders.sql" | cut -c1-100
say "heaptracer analyze sqlite3.htrc"
"$build/heaptracer" analyze "$folder/sqlite3.htrc"
for table in peak temporary; do
    say "heaptracer analyze sqlite3.htrc --table $table"
    "$build/heaptracer" analyze "$folder/sqlite3.htrc" --table "$table" | head -40
done
