# rt_common: in a victim's name and settings, out what its lanes held; sourced by the runtime's tests.
set -u
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
export LIB=$BUILD/libheaptracer.so
failed=0

# lanes [key=value ...] -- PROGRAM [ARGUMENTS]: the counts go to $TMP/lanes, the program's output to $TMP/output.
lanes() {
    timeout 120 "$VICTIMS/rt_lanes" out="$TMP/lanes" "$@" >"$TMP/output" 2>"$TMP/errors"
}

value() { sed -n "s/^$1=\([0-9]*\)$/\1/p" "$TMP/lanes"; }
said() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" "$TMP/output" | head -1; }

# expect WHAT A OPERATOR B, the operator one of test's (-eq -ge -le ...).
expect() {
    if ! [ "${2:-none}" "$3" "${4:-none}" ] 2>/dev/null; then
        echo "FAIL: $1: ${2:-none} $3 ${4:-none}"
        tail -40 "$TMP/lanes" "$TMP/errors" 2>/dev/null | head -60
        failed=1
    fi
}

# A trace without contradictions.
sound() {
    expect "$1: status" "$(value status)" -eq 0
    expect "$1: order of stamps" "$(value bad_order)" -eq 0
    expect "$1: stacks told by difference" "$(value bad_stack)" -eq 0
    expect "$1: addresses given twice" "$(value doubles)" -eq 0
    expect "$1: lanes refused" "$(value lanes_refused)" -eq 0
}

finish() { exit "$failed"; }
