#!/usr/bin/env bash
# errors: reading commands say in one sentence what is wrong with an input or a wish, end with the right code, and print nothing on stdout.
set -u
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/empty.htrc"
echo "this is no trace, but a text that is longer than any header of a trace would be, so that it is not just short" >"$work/text.htrc"
head -c 100000 /dev/zero >"$work/zero.htrc"
expect() { # expect CODE TEXT WORDS...
    local code=$1 text=$2 rc=0
    shift 2
    timeout 60 "$HT" "$@" >"$work/out" 2>"$work/err" || rc=$?
    [ "$rc" = "$code" ] || { echo "'$*' ends with $rc, not $code"; failed=1; }
    [ "$(wc -l <"$work/err")" = 1 ] || { echo "'$*' does not say one line: $(cat "$work/err")"; failed=1; }
    grep -qF -- "$text" "$work/err" || { echo "'$*' does not say '$text': $(cat "$work/err")"; failed=1; }
    grep -q "^heaptracer: " "$work/err" || { echo "'$*' does not begin with its name"; failed=1; }
    [ ! -s "$work/out" ] || { echo "'$*' prints on stdout: $(head -3 "$work/out")"; failed=1; }
}
for command in analyze info dump; do
    expect 3 "$work/none.htrc" $command "$work/none.htrc"
    expect 3 "$work" $command "$work"
    expect 3 "$work/empty.htrc" $command "$work/empty.htrc"
    expect 3 "$work/text.htrc" $command "$work/text.htrc"
    expect 3 "$work/zero.htrc" $command "$work/zero.htrc"
    expect 2 "usage: heaptracer $command" $command
done
expect 2 "did you mean 'leaks'" analyze --table leks "$work/text.htrc"
expect 2 "--list" analyze --table nothing_like_it "$work/text.htrc"
expect 2 "--from: 'soon' is not a time" analyze --from soon "$work/text.htrc"
expect 2 "--fail-on: 'leaks>5' is no condition" analyze --fail-on "leaks>5" "$work/text.htrc"
expect 2 "did you mean 'bytes'" analyze --fail-on "leaks.byts>1" "$work/text.htrc"
expect 2 "has no column 'nothing'; it has stack, bytes" analyze --table leaks --sort nothing "$work/text.htrc"
expect 2 "did you mean 'bytes'" analyze --table leaks --columns stack,byte "$work/text.htrc"
expect 2 "--fail-on: '1x' is not a size" analyze --fail-on "leaks.bytes>1x" "$work/text.htrc"
expect 2 "--csv writes one table" analyze --csv "$work/text.htrc"
expect 2 "is not one of file index kinds processes modules" info --table moduls "$work/text.htrc"
expect 2 "--csv writes one table" info --csv "$work/text.htrc"
expect 2 "did you mean 'refuse'" dump --kind refus "$work/text.htrc"
exit $failed
