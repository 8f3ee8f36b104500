#!/usr/bin/env bash
# install: in the build folder, out a tree under DESTDIR in which the command finds its library and records from there.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
DESTDIR=$folder cmake --install "$BUILD" --prefix /opt/ht >/dev/null
command=$folder/opt/ht/bin/heaptracer
cd "$folder"
"$command" run -q -o true.htrc -- sh -c 'ls / | sort' >out
diff out <(ls / | sort)
"$command" analyze --no-pager true.htrc --table summary | grep -q Allocations
[ -f "$folder/opt/ht/include/heaptracer/trace.h" ]
echo "install: records from $(find "$folder/opt/ht" -name 'libheaptracer.so*' | wc -l) library"
