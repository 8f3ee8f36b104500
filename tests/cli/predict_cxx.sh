#!/usr/bin/env bash
# predict_cxx: what new and the standard library's containers take with 32 bits: what the same program, compiled so, asks for.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "$*" >&2; exit 1; }
cell() { "$HT" predict "$1" --targets x86 --json "${@:3}" | python3 -c "import json, sys; print(json.load(sys.stdin)['tables'][0]['rows'][0]['$2'])"; }

"$HT" run -q -o cxx.htrc -- "$VICTIMS/predict_cxx"
[ "$(cell cxx.htrc known_share)" = 1 ] || { "$HT" predict cxx.htrc --targets x86 -t predict_sites; fail "known: $(cell cxx.htrc known_share)"; }
[ "$(cell cxx.htrc peak_low_bytes)" = "$(cell cxx.htrc peak_high_bytes)" ] || fail "the interval is open"
if [ -e "$BUILD/i386-gnu/libheaptracer.so" ] && g++ -m32 -idirafter /usr/include/x86_64-linux-gnu -O1 -g "$SOURCE/tests/programs/predict_cxx.cc" -o cxx32 2>/dev/null; then
    "$HT" run -q -o cxx32.htrc -- ./cxx32
    want=$("$HT" analyze cxx32.htrc -t summary --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"][0]["rows"][0]["peak_bytes"])')
    [ "$(cell cxx.htrc peak_bytes)" = "$want" ] || fail "predicted $(cell cxx.htrc peak_bytes), with 32 bits it is $want"
    [ "$(cell cxx32.htrc peak_bytes)" = "$want" ] || fail "the same machine has another peak: $(cell cxx32.htrc peak_bytes), not $want"
else
    echo "no runtime or no C++ compiler for 32 bits here: its peak was not compared"
fi
