#!/usr/bin/env bash
# run: in web/ with its lock file, out the checks of the page: fetches what they need once per lock file. 77: there is no node here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
web=$here/../../web
command -v node >/dev/null && command -v npm >/dev/null || { echo "run: no node or npm: the page is not checked"; exit 77; }
(
    flock 9
    if ! cmp -s "$web/package-lock.json" "$web/node_modules/.fetched"; then
        (cd "$web" && npm ci --no-audit --no-fund --loglevel=error) || { echo "run: npm ci in web/ failed: no registry in reach?"; exit 1; }
        cp "$web/package-lock.json" "$web/node_modules/.fetched"
    fi
) 9>"$web/.fetching"
exec node "$here/page_test.mjs" "$@"
