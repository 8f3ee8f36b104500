# golden: every golden trace still gives the events that it was made of, and the reader that knows SPEC.md alone agrees.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
for trace in "$SOURCE"/tests/golden/*.htrc; do
    name=$(basename "$trace" .htrc)
    "$BUILD/tests/golden" dump "$trace" >"$work/ours"
    cmp "$work/ours" "$SOURCE/tests/golden/$name.events"
    python3 "$SOURCE/tests/reader.py" "$trace" >"$work/theirs"
    cmp "$work/ours" "$work/theirs"
done
for seed in 11 12 13; do
    "$BUILD/tests/golden" make $seed 8000 $((seed * 10000)) "$work/$seed.htrc"
    "$BUILD/tests/golden" dump "$work/$seed.htrc" >"$work/ours"
    python3 "$SOURCE/tests/reader.py" "$work/$seed.htrc" >"$work/theirs"
    cmp "$work/ours" "$work/theirs"
done
[ "$(wc -l <"$SOURCE/tests/reader.py")" -le 300 ]
