#!/usr/bin/env bash
# help: every command answers --help, has a manual page without roff warnings, and completions that their shells accept; mistakes end with 2 and a mend.
set -eu
fail() { echo "help: $*"; exit 1; }
expect() { # expect CODE TEXT WORDS...
    local code=$1 text=$2 said rc=0
    shift 2
    said=$("$HT" "$@" 2>&1) || rc=$?
    [ "$rc" = "$code" ] || fail "'$*' ends with $rc, not $code: $said"
    [[ $said == *"$text"* ]] || fail "'$*' does not say '$text': $said"
}
words=$("$HT" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -v '^help$')
[ "$(echo "$words" | wc -l)" -ge 2 ] || fail "too few commands: $words"
for word in $words; do
    expect 0 "Usage: heaptracer $word" "$word" --help
    expect 0 "Usage: heaptracer $word" help "$word"
    expect 2 "unknown option '--no-such-option'" "$word" --no-such-option
    "$HT" help "$word" | awk -v word="$word" 'length > 80 {print word ": line of " length " columns: " $0; bad = 1} END {exit bad}' || fail "help of $word is too wide"
done
for page in heaptracer $words; do
    if command -v groff >/dev/null; then
        warnings=$("$HT" man "$page" | groff -ww -man -Tutf8 2>&1 >/dev/null)
        [ -z "$warnings" ] || fail "manual page of $page: $warnings"
    fi
done
for shell in bash zsh fish; do
    "$HT" completion $shell >"$BUILD/completion.$shell"
    if command -v $shell >/dev/null; then
        case $shell in
        fish) fish --no-execute "$BUILD/completion.fish" ;;
        *) $shell -n "$BUILD/completion.$shell" ;;
        esac || fail "$shell does not accept its completion"
    fi
    for word in $words; do grep -q -- "$word" "$BUILD/completion.$shell" || fail "$shell completion lacks $word"; done
done
expect 0 "heaptracer " --version
expect 2 "Usage: heaptracer COMMAND"
expect 2 "'completoin' is not a command; did you mean 'heaptracer completion'?" completoin
expect 2 "'heaptracer help' lists them" frobnicate
expect 2 "did you mean 'heaptracer man'" help mna
