#!/usr/bin/env bash
# demo: in a build folder, out where the memory of Debian's own xmllint goes while it reads a catalogue of 60,000 made-up books.
set -eu
cd "$(dirname "$0")/.."
build=$PWD/${1:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

{
    echo '<catalogue>'
    seq 60000 | sed 's|.*|  <book id="&" shelf="S&"><title>Book number &</title><note lang="en">Dogs \&amp; cats, volume &.</note></book>|'
    echo '</catalogue>'
} >books.xml

say() { printf '\n$ %s\n' "$*"; }
say "ls -l books.xml; file -L /usr/bin/xmllint      # Debian's own program: stripped, not rebuilt"
ls -l books.xml
file -L /usr/bin/xmllint | cut -c1-110
say "heaptracer run -o xmllint.htrc -- xmllint --noout books.xml"
"$build/heaptracer" run -o xmllint.htrc -- xmllint --noout books.xml
say "heaptracer analyze xmllint.htrc                # where did it go?"
"$build/heaptracer" analyze --no-pager xmllint.htrc
say "heaptracer analyze xmllint.htrc --table peak --stacks --limit 1      # who held the most at the peak, whole stack"
"$build/heaptracer" analyze --no-pager xmllint.htrc --table peak --stacks --limit 1
say "heaptracer report xmllint.htrc                 # the same as a page, to look at"
"$build/heaptracer" report -q -f -o "$build/demo.html" xmllint.htrc
echo "open in a browser: ${build##*/}/demo.html"
