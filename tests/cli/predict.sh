#!/usr/bin/env bash
# predict: what becomes of a program's sizes on other machines: exact where the source says all, an interval where it does not, clear words for nonsense.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "$*" >&2; exit 1; }
cell() { "$HT" predict "$1" --targets "$2" --json "${@:4}" | python3 -c "import json, sys; print(json.load(sys.stdin)['tables'][0]['rows'][0]['$3'])"; }
says() { # file of profile, part of the sentence
    if "$HT" predict kinds.htrc --profile "$1" --targets esp32 >out 2>&1; then fail "$1 was taken"; fi
    grep -qF -- "$2" out || { cat out; fail "no '$2'"; }
}

"$HT" run -q -o kinds.htrc -- "$VICTIMS/predict_kinds"
peak=$("$HT" analyze kinds.htrc -t summary --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"][0]["rows"][0]["peak_bytes"])')

# The same widths: nothing changes, and all of it is known.
[ "$(cell kinds.htrc x86_64 peak_bytes)" = "$peak" ] || fail "the same machine has another peak"
[ "$(cell kinds.htrc x86_64 known_share)" = 1 ] || fail "the same machine is not known"
[ "$(cell kinds.htrc arm64 peak_bytes)" = "$peak" ] || fail "AArch64 has another peak"

# 32 bits: by hand, 30 * (2 * 12 nodes) + packets (8 + i % 7) + longs + table + rows + text.
for target in x86 stm32-newlib; do
    want=$(python3 -c 'print(30 * 24 + sum(8 + i % 7 for i in range(30)) + sum((i % 3 + 1) * 4 for i in range(30)) + 20 * 4 + 32 * 4 + 16)')
    got=$(cell kinds.htrc $target peak_bytes)
    [ "$got" = "$want" ] || fail "$target: $got bytes, not $want"
    [ "$(cell kinds.htrc $target peak_low_bytes)" -le "$want" ] && [ "$(cell kinds.htrc $target peak_high_bytes)" -ge "$want" ] || fail "$target: outside of its interval"
done
# AVR: no alignment, pointers of 2.
want=$(python3 -c 'print(30 * 14 + sum(6 + i % 7 for i in range(30)) + sum((i % 3 + 1) * 4 for i in range(30)) + 20 * 2 + 32 * 2 + 16)')
got=$(cell kinds.htrc avr peak_bytes)
[ "$got" = "$want" ] || fail "avr: $got bytes, not $want"

# Without symbols the interval grows, and holds the truth.
low=$(cell kinds.htrc x86 peak_low_bytes --no-types) high=$(cell kinds.htrc x86 peak_high_bytes --no-types)
want=$(cell kinds.htrc x86 peak_bytes)
[ "$low" -le "$want" ] && [ "$high" -ge "$want" ] && [ "$low" -lt "$high" ] || fail "without types: $low..$high does not hold $want"
[ "$(cell kinds.htrc x86 known_share --no-types)" = 0 ] || fail "without types something is known"
"$HT" predict kinds.htrc --targets x86 --no-types | grep -q "the type is not known" || fail "not said"

# An arena that is too small: the first refusal has a time and a stack.
"$HT" predict kinds.htrc --targets stm32-nano --arena 1K --json >out
python3 - <<'P'
import json
row = json.load(open("out"))["tables"][0]["rows"][0]
assert row["verdict"] == "fails" and row["refusals"] > 0 and row["first_refusal_stack"] is not None and row["headroom_bytes"] < 0, row
P
[ "$(cell kinds.htrc stm32-nano verdict --arena 64K)" = fits ] || fail "64K do not do"
if "$HT" predict kinds.htrc --targets stm32-nano --arena 1K --fail-on 'predict.refusals>0' >out 2>&1; then fail "the gate is open"; fi

# People read of refusals where there are some, and of no arena as none.
"$HT" predict kinds.htrc --targets x86 >out
if grep -qE "no stack|First at|Arena|0.000 s" out; then cat out; fail "what is not there is shown"; fi
"$HT" predict kinds.htrc --targets x86,stm32-nano --arena 1K >out
grep -A3 "Where it fails first" out | grep -q "stm32-nano.* s .* B  .*predict_kinds.c" || { cat out; fail "the first refusal is not told"; }
if grep -q "no stack" out; then fail "a stack that is none"; fi
"$HT" predict kinds.htrc --targets x86,esp32 | grep -qE "x86 +no limit +- " || fail "no arena is not '-'"

# A target of one's own, and a hint.
cat >own.toml <<'T'
[[target]]
name = "mine"
model = "i386"
int_bytes = 2
allocator = "newlib"
arena = "4K"
base = "0x20000000"
[[hint]]
at = "wrapped"
size = "sizeof(struct node) + n * sizeof(long)"
T
"$HT" predict kinds.htrc --targets mine --profile own.toml >out 2>&1 || { cat out; fail "own target"; }
"$HT" predict --list --profile own.toml | grep -q '^mine ' || fail "not listed"
"$HT" predict kinds.htrc --targets x86 --profile own.toml -t predict_sites >out 2>&1
printf '[[hint]]\nat = "nobody"\nsize = "bytes"\n' >idle.toml
"$HT" predict kinds.htrc --targets x86 --profile idle.toml 2>&1 | grep -q "idle.toml:2: the hint for 'nobody' explains no site" || fail "an idle hint is not said"

# Blocks whose size no sizeof tells: bytes are as many there (4800 + 2400), rows and the cells of the pool half as much.
"$HT" run -q -o passed.htrc -- "$VICTIMS/predict_passed" /dev/null
want=$((4800 + 2400 + 512 / 2 + 20 * 1024 / 2))
got=$(cell passed.htrc x86 peak_bytes)
[ "$got" = "$want" ] || { "$HT" predict passed.htrc --targets x86 -t predict_sites; fail "passed on: $got bytes, not $want"; }
"$HT" predict passed.htrc --targets x86 -t predict_sites --json | python3 -c '
import json, sys
rows = {row["recorded_bytes"]: row for row in json.load(sys.stdin)["tables"][0]["rows"]}
assert rows[20480]["how"] == "pool" and rows[20480]["low_bytes"] == 10240 and rows[20480]["high_bytes"] == 20480, rows[20480]
assert rows[512]["what"].endswith("(row)"), rows[512]'

# What this machine's C library allocates for itself is not asked of another one's; it is in the interval.
printf '#include <stdio.h>\n#include <stdlib.h>\nstatic char *volatile kept;\nint main(void) { kept = malloc(100); puts("x"); return 0; }\n' >says.c
cc -O1 -g says.c -o says && "$HT" run -q -o says.htrc -- ./says >out
if "$HT" dump says.htrc | grep -q "size=4096" && "$HT" predict says.htrc --targets stm32-picolibc -t predict_sites | grep -q "C library"; then
    [ "$(cell says.htrc stm32-picolibc peak_bytes)" = 100 ] || fail "stdio: $(cell says.htrc stm32-picolibc peak_bytes)"
    "$HT" predict says.htrc --targets stm32-picolibc --arena 64 -t predict_refusals | grep -q " 100 B " || fail "a buffer that is not asked for is refused"
    [ "$(cell says.htrc stm32-picolibc peak_high_bytes)" = 4196 ] || fail "stdio, at most: $(cell says.htrc stm32-picolibc peak_high_bytes)"
    [ "$(cell says.htrc x86 peak_bytes)" = 4196 ] || fail "stdio of glibc: $(cell says.htrc x86 peak_bytes)"
fi

# Nonsense, with its place.
printf '[[target]]\nname = "a"\nmodel = "vax"\n' >bad.toml; says bad.toml "bad.toml:3: model: there is no data model 'vax'"
printf '[[target]]\nname = "a"\nmodel = "arm"\narena = "lots"\n' >bad.toml; says bad.toml "bad.toml:4"
printf '[[target]]\nname = "a"\nmodel = "arm"\nint_bytes = 3\n' >bad.toml; says bad.toml "bad.toml:4: int_bytes: '3' is no width"
printf '[[target]]\nname = "a"\nmodel = "arm"\ntypes = ["time_t 8 3"]\n' >bad.toml; says bad.toml "bad.toml:4: types: 'time_t 8 3'"
printf '[[target]]\nmodel = "arm"\n' >bad.toml; says bad.toml "a target without a name"
printf '[[target]]\nname = "a"\n' >bad.toml; says bad.toml "target a has no model"
printf '[[target]]\nname = "a"\nmodel = "arm"\ncolour = 1\n' >bad.toml; says bad.toml "a target has no 'colour'"
printf '[[hint]]\nat = "f"\n' >bad.toml; says bad.toml "a hint needs at"
printf 'x = 1\n' >bad.toml; says bad.toml "'x' is nothing that a profile has"
: >bad.toml; says bad.toml "no [[target]] and no [[hint]]"
printf '[[target\n' >bad.toml; says bad.toml "bad.toml:1"
if "$HT" predict kinds.htrc --targets pdp11 >out 2>&1; then fail "pdp11"; fi
grep -q "there is no target 'pdp11'; there are: .*esp32" out || fail "targets are not named"
