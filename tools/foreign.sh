#!/usr/bin/env bash
# foreign: in the name of a foreign architecture and a folder, out the packages of that group of packages.txt, with what they need, unpacked in the folder. Nothing is
# installed: apt works on lists and a state of its own, so that this machine's stay as they are, and any user may do it. Says nothing when all is there already.
set -eu
cd "$(dirname "$0")/.."
arch=$1 folder=$2

wanted=()
while read -r name rest; do
    [ "$name" = "$arch:" ] && read -ra words <<<"$rest" && wanted+=("${words[@]}")
done <packages.txt
[ "${#wanted[@]}" -gt 0 ] || { echo "foreign: packages.txt has no group '$arch'" >&2; exit 1; }
[ "$(cat "$folder/.packages" 2>/dev/null)" != "${wanted[*]}" ] || exit 0
command -v apt-get >/dev/null || { echo "foreign: this is no Debian; unpack the equivalents of these for $arch in $folder: ${wanted[*]}" >&2; exit 1; }

# What the cross compiler brings, and what only an installed system needs.
given=(libc6 libc6-dev libc-bin libgcc-s1 libstdc++6 gcc-12-base kmod linux-base initramfs-tools ncurses-bin debconf libglib2.0-0 libev-dev libuv1-dev)
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
for package in "${given[@]}"; do
    printf 'Package: %s\nStatus: install ok installed\nVersion: 9999\nArchitecture: %s\nMulti-Arch: same\nMaintainer: none\nDescription: given\n\n' "$package" "$arch"
done >"$state/status"
cat >"$state/apt.conf" <<END
#clear APT::Architectures;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Debug::NoLocking "true";
END
export APT_CONFIG=$state/apt.conf
echo "foreign: fetching for $arch: ${wanted[*]}" >&2
if ! { apt-get update -qq && apt-get install -y -q --download-only "${wanted[@]}"; } >"$state/log" 2>&1; then
    cat "$state/log" >&2
    echo "foreign: the packages for $arch cannot be fetched; is there a way to the Debian archive that apt uses?" >&2
    exit 1
fi
rm -rf "$folder"
mkdir -p "$folder"
for package in "$state"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$folder"
done
echo "${wanted[*]}" >"$folder/.packages"
