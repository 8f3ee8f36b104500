#!/usr/bin/env bash
# package: in the build folder, out Debian packages that hold what they should, name what they need, and work from the tree that they unpack to.
set -eu
[ -e "$BUILD/libheaptracer-read.so" ] || exit 0 # the variants of the build for tests are not packaged
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cpack --config "$BUILD/CPackConfig.cmake" -B "$folder" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cd "$folder"
fail() { echo "package: $*"; exit 1; }
for name in heaptracer libheaptracer-runtime libheaptracer-read0 libheaptracer-dev; do
    file=$(ls "${name}"_*.deb) || fail "no package $name"
    [ -n "$(dpkg-deb -f "$file" Description)" ] || fail "$name has no description"
    dpkg-deb -x "$file" tree
    dpkg-deb -c "$file" >"$name.list"
done
grep -q usr/bin/heaptracer heaptracer.list || fail "no command"
grep -q usr/share/man/man1/heaptracer-run.1 heaptracer.list || fail "no manual page"
grep -q bash-completion/completions/heaptracer heaptracer.list || fail "no completion"
grep -q heaptracer/libheaptracer.so libheaptracer-runtime.list || fail "no runtime"
grep -q include/heaptracer/trace.h libheaptracer-dev.list || fail "no headers"
if grep -q usr/bin/ libheaptracer-*.list; then fail "a library's package holds a command"; fi
needs=$(dpkg-deb -f heaptracer_*.deb Depends)
for need in libheaptracer-runtime libc6 libdw1 libzstd1 libpopt0; do
    [[ $needs == *$need* ]] || fail "heaptracer depends on \"$needs\", without $need"
done
tree/usr/bin/heaptracer run -q -o ls.htrc -- ls / >out
ls / | diff out - || fail "the output changed"
tree/usr/bin/heaptracer analyze --no-pager ls.htrc --table summary | grep -q Allocations || fail "nothing was recorded"
echo "package: $(du -ch ./*.deb | sed -n '$s/\t.*//p') in $(ls ./*.deb | wc -l) packages; needs $needs"
