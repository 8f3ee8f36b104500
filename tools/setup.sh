#!/usr/bin/env bash
# setup: in group names of packages.txt, out those Debian packages installed; says nothing when all are there.
# As root it installs what is missing. Otherwise, or without apt, it prints the one line to run and ends with 1.
set -eu
cd "$(dirname "$0")/.."

wanted=()
for group in "$@"; do
    while read -r name rest; do
        [ "$name" = "$group:" ] && read -ra words <<<"$rest" && wanted+=("${words[@]}")
    done <packages.txt
done

if ! command -v dpkg-query >/dev/null; then
    [ -n "$(command -v cmake)" ] && exit 0 # another system: cmake names what it misses
    echo "setup: this is no Debian; install the equivalents of: ${wanted[*]}" >&2
    exit 1
fi

installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p' | tr ',\n' '  ') "
missing=()
for package in "${wanted[@]}"; do
    [[ $installed == *" $package "* || " ${missing[*]-} " == *" $package "* ]] && continue
    command -v "$package" >/dev/null || missing+=("$package") # a command may come from elsewhere: npm of another Node
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "setup: packages are missing; run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

log=$(mktemp)
install=(apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${missing[@]}")
[ -z "${CI-}" ] || install+=(-o Dpkg::Options::=--force-unsafe-io) # a machine that is thrown away need not wait for its disk
echo "setup: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
if ! "${install[@]}" >"$log" 2>&1; then
    { apt-get update -qq && "${install[@]}"; } >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 1; }
fi
rm -f "$log"
