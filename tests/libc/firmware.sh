#!/usr/bin/env bash
# firmware: in a board, an ELF for it, and the model's words, out whether the model gives every address that the board's own malloc gave.
set -u
board=$1 elf=$2 model=$3
shift 3
said=$(mktemp)
trap 'rm -f "$said"' EXIT
TIMEOUT=${TIMEOUT:-300} "$RUN" "$board" "$elf" </dev/null | tr -d '\r' >"$said"
"$model" "$@" <"$said"
