#!/usr/bin/env bash
# install: in the build folder, out a tree under DESTDIR in which the command finds its library and records from there, and against which a program that
# reads traces is built, by pkg-config and by CMake.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
DESTDIR=$folder cmake --install "$BUILD" --prefix /opt/ht >/dev/null
tree=$folder/opt/ht
command=$tree/bin/heaptracer
cd "$folder"
"$command" run -q -o true.htrc -- sh -c 'ls / | sort' >out
diff out <(ls / | sort)
"$command" analyze --no-pager true.htrc --table summary | grep -q Allocations
echo "install: records from $(find "$tree" -name 'libheaptracer.so*' | wc -l) libraries"

[ -e "$BUILD/libheaptracer-read.so" ] || exit 0 # the variants of the build for tests have none
library=$(dirname "$(find "$tree" -name libheaptracer-read.so)")
"$command" analyze --no-pager true.htrc --table peak --limit 3 --csv >peak.csv
want=$(sed -n 2p peak.csv | tr -d '\r' | grep -oE '(^|,)[0-9]{3,}(,|$)' | head -1 | tr -d ,)

PKG_CONFIG_PATH=$library/pkgconfig pkg-config --cflags --libs heaptracer-read >flags
read -ra flags <flags
cc "$SOURCE/examples/read_trace/read_trace.c" "${flags[@]}" -o by_pkg_config
LD_LIBRARY_PATH=$library ./by_pkg_config true.htrc >by_pkg_config.out
grep -qx "$want bytes" by_pkg_config.out

cmake -S "$SOURCE/examples/read_trace" -B by_cmake -DCMAKE_PREFIX_PATH="$tree" >/dev/null
cmake --build by_cmake >/dev/null
LD_LIBRARY_PATH=$library by_cmake/read_trace true.htrc | diff by_pkg_config.out -

PKG_CONFIG_PATH=$library/pkgconfig pkg-config --cflags heaptracer >flags
read -ra flags <flags
printf '#include <heaptracer/heaptracer.h>\nint main(void) { ht_mark("here"); HT_FREE(HT_MALLOC(name, 10)); return 0; }\n' >marks.c
cc marks.c "${flags[@]}" -o marks
"$command" run -q -o marks.htrc -- ./marks
"$command" analyze --no-pager marks.htrc --table marks | grep -q here
echo "install: programs that read traces and that mark them were built by pkg-config and CMake"
