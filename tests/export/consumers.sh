#!/usr/bin/env bash
# consumers: in the build folder, out (on stdout) the folder of node modules that the tests of exports use, installed there when their list has changed.
set -eu
build=$1
from=$(dirname "$0") to=$build/consumers
exec 9>"$build/consumers.lock"
flock 9
if ! cmp -s "$from/package-lock.json" "$to/installed"; then
    mkdir -p "$to"
    cp "$from/package.json" "$from/package-lock.json" "$to/"
    npm ci --prefix "$to" --no-audit --no-fund --ignore-scripts >"$to/npm.log" 2>&1 || { tail -5 "$to/npm.log" >&2; exit 1; }
    cp "$to/package-lock.json" "$to/installed"
fi
echo "$to/node_modules"
