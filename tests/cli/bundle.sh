#!/usr/bin/env bash
# bundle: a recorded program's names are kept beside its trace and are there when the program is gone; what cannot be is said in one sentence.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "bundle: $*"; exit 1; }
refused() { # refused CODE TEXT WORDS...
    local code=$1 text=$2 rc=0
    shift 2
    "$HT" bundle "$@" >"$work/out" 2>"$work/err" || rc=$?
    [ "$rc" = "$code" ] || fail "'$*' ends with $rc, not $code"
    grep -qF -- "$text" "$work/err" || fail "'$*' does not say '$text': $(cat "$work/err")"
    [ "$(wc -l <"$work/err")" = 1 ] || fail "'$*' does not say one line"
}
names() { # the functions that a report of the trace shows
    "$HT" analyze "$1" --table hotspots --json | python3 -c '
import json, re, sys
print("\n".join(sorted(set(re.findall(r"\"function\": \"(.*?)\"", sys.stdin.read())))))'
}
echo "no trace" >"$work/text"
refused 3 "$work/none" "$work/none"
refused 3 "$work/text" "$work/text"
refused 2 "--output" -
[ ! -e "$work/text.bundle" ] || fail "a folder is made for what is no trace"

"$HT" help run >/dev/null 2>&1 || { echo "bundle: this build has no run, so nothing can be recorded"; exit 0; }
cp "$VICTIMS/sym_inline" "$work/victim"
"$HT" run -o "$work/victim.htrc" -- "$work/victim" >/dev/null 2>"$work/err" || fail "run: $(cat "$work/err")"
names "$work/victim.htrc" >"$work/here"
grep -qx main "$work/here" || fail "no main among the names here: $(cat "$work/here")"
"$HT" bundle "$work/victim.htrc" >"$work/out" 2>"$work/err" || fail "$(cat "$work/err")"
grep -q "^$work/victim.htrc.bundle: .* frames" "$work/out" || fail "says: $(cat "$work/out")"
rm "$work/victim"
names "$work/victim.htrc" >"$work/gone"
diff "$work/here" "$work/gone" || fail "other names once the program is gone"
cp -r "$work/victim.htrc.bundle" "$work/first"
"$HT" bundle -q "$work/victim.htrc" >"$work/out" || fail "a second time"
diff -r "$work/first" "$work/victim.htrc.bundle" || fail "a second time, without the program, loses names"
[ ! -s "$work/out" ] || fail "--quiet is not quiet"
mv "$work/victim.htrc.bundle" "$work/away"
names "$work/victim.htrc" | grep -qx main && fail "main has a name though the program and the bundle are gone"
: >"$work/file"
refused 3 "cannot make the folder" -o "$work/file/below" "$work/victim.htrc"
exit 0
