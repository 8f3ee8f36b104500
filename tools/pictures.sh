#!/usr/bin/env bash
# pictures: in a build folder, out the pictures of README.md and docs/firmware.md in docs/pictures: pages of reports in Chromium, and SVG, of one run of sqlite3 and
# one of the light controller of tests/firmware.
set -eu
cd "$(dirname "$0")/.."
build=$PWD/${1:-build} root=$PWD out=$PWD/docs/pictures
for need in sqlite3 node chromium; do
    command -v "$need" >/dev/null || { echo "pictures: no $need here: apt install sqlite3 nodejs npm chromium"; exit 1; }
done
[ -d web/node_modules/playwright-core ] || (cd web && npm ci --no-audit --no-fund --loglevel=error)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$out"
cd "$folder"

{
    echo 'CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, item TEXT, cents INTEGER);'
    echo 'BEGIN;'
    seq 40000 | awk -v q="'" '{ print "INSERT INTO orders VALUES(" $1 "," q "customer " $1 * 7919 % 4999 q "," q "item " $1 * 104729 % 997 q "," $1 * 31 % 99991 ");" }'
    echo 'COMMIT; CREATE INDEX by_customer ON orders(customer);'
    seq 2000 | awk '{ printf "SELECT count(*), sum(cents) FROM orders WHERE customer='\''customer %d'\'';\n", $1 }'
    echo "SELECT count(*) FROM (SELECT customer, group_concat(DISTINCT item) AS items FROM orders GROUP BY customer ORDER BY length(items));"
} >orders.sql
"$build/heaptracer" run -q -o orders.htrc -- sqlite3 :memory: '.read orders.sql' >/dev/null
"$build/heaptracer" report -q orders.htrc
"$build/heaptracer" visualize -q orders.htrc --type memory_usage -o "$out/memory_usage.svg" -f
"$build/heaptracer" visualize -q orders.htrc --type treemap --theme light -o "$out/treemap.svg" -f
node "$root/tools/pictures.mjs" "$folder/orders.html" "$out"
light=$build/firmware/mps2-an385/light.elf
if [ -e "$light" ]; then
    "$root/tests/firmware/run" mps2-an385 "$light" </dev/null >light.bin
    "$build/heaptracer" listen -q file:light.bin --elf "$light" -o light.htrc
    "$build/heaptracer" report -q light.htrc
    node "$root/tools/pictures.mjs" "$folder/light.html" "$out" light_report
fi
for picture in "$out"/*.png; do
    [ "$(stat -c %s "$picture")" -le 204800 ] || { echo "pictures: $picture is larger than 200 KB"; exit 1; }
done
ls -l "$out"
