#!/usr/bin/env bash
# outputs: no command that writes a file replaces one without leave, nor, with leave, the very file that it reads.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$HT" run -q -o app.htrc -- true
cp app.htrc kept
fail() { echo "outputs: $*"; exit 1; }
for words in "export --to pprof" "report" "visualize --type flame" "import"; do
    code=0
    "$HT" $words -o app.htrc app.htrc 2>said || code=$?
    [ $code -ge 2 ] || fail "'$words' replaced its input without leave"
    code=0
    "$HT" $words -f -o ./app.htrc app.htrc 2>said || code=$?
    [ $code = 2 ] && grep -q "what is to be read" said || fail "'$words -f' on its input ends with $code: $(cat said)"
    cmp app.htrc kept || fail "'$words' changed its input"
done
echo "outputs: inputs are safe"
