#!/usr/bin/env bash
# prepare: in the sources and a folder of programs for aarch64, out a kernel and an initial file system of an aarch64 machine with heaptracer in it, in FOLDER.
# usage: prepare.sh FOLDER PROGRAMS. Everything is cross-built as an aarch64 machine would build it for itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../..
mkdir -p "$1"
folder=$(cd "$1" && pwd) programs=$(cd "$2" && pwd)
foreign=$folder/root tree=$folder/tree ram=$folder/ram
cross=/usr/aarch64-linux-gnu/lib

"$source/tools/foreign.sh" arm64 "$foreign"
if ! { cmake --log-level=WARNING -S "$source" -B "$tree" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$here/aarch64.cmake" -DHT_FOREIGN="$foreign" -DBUILD_TESTING=OFF \
        -DCMAKE_INSTALL_PREFIX=/usr && cmake --build "$tree" -- --quiet; } >"$folder/build.log" 2>&1; then
    cat "$folder/build.log" >&2
    exit 1
fi

rm -rf "$ram"
mkdir -p "$ram"/{bin,lib,victims,etc,proc,sys,dev,tmp,cases}
DESTDIR=$ram cmake --install "$tree" --strip >"$folder/install.log"
rm -rf "$ram/usr/include" "$ram/usr/share" "$ram"/usr/lib/libheaptracer-read*
cp "$foreign/bin/busybox" "$ram/bin/"
cp "$programs"/* "$ram/victims/"
cp "$here/inside.sh" "$here/../cli/attach_check.awk" "$ram/cases/"
printf '#!/bin/busybox sh\nexec /bin/busybox sh /cases/inside.sh\n' >"$ram/init"
chmod 755 "$ram/init"
printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$ram/etc/passwd"

# The libraries that the programs name, and those that they name; libgcc_s is loaded by name when a thread ends.
needs() { aarch64-linux-gnu-readelf -d "$@" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
wanted="ld-linux-aarch64.so.1 libgcc_s.so.1 libm.so.6 libutil.so.1 $(needs "$ram"/usr/bin/heaptracer "$ram"/usr/lib/heaptracer/* "$ram"/victims/*)"
while [ -n "$wanted" ]; do
    more=
    for name in $wanted; do
        [ ! -e "$ram/lib/$name" ] && [ ! -e "$ram/victims/$name" ] || continue
        for place in "$cross" "$foreign/usr/lib/aarch64-linux-gnu" "$foreign/lib/aarch64-linux-gnu"; do
            [ ! -e "$place/$name" ] || { cp -L "$place/$name" "$ram/lib/"; break; }
        done
        [ -e "$ram/lib/$name" ] || { echo "prepare: no $name for aarch64" >&2; exit 1; }
        more+=" $(needs "$ram/lib/$name")"
    done
    wanted=$more
done
(cd "$ram" && find . | cpio -o -H newc --quiet) >"$folder/ram.cpio"
cp "$foreign"/boot/vmlinuz-* "$folder/kernel"
