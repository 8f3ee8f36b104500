# run_full_disk: in a trace that cannot be written to its end, out one sentence and exit code 3; the program goes on to its own end.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
(ulimit -S -f 4; exec "$HT" run --level 1 --tick 1ns -o a.htrc -- "$VICTIMS/run_busy" 2 300000 /dev/shm/run_full_disk.$$) >out 2>said
code=$?
rm -f /dev/shm/run_full_disk.$$
[ $code = 3 ] || fail "exit code $code: $(cat said)"
[ "$(cat out)" = done ] || fail "the program did not reach its end"
[ "$(wc -l <said)" = 1 ] || fail "not one sentence: $(cat said)"
grep -q 'a.htrc.*the program goes on unwatched' said || fail "$(cat said)"
"$HT" analyze --table summary a.htrc >table 2>&1
[ $? -le 3 ] && [ -s table ] || fail "what was written cannot be read"
echo ok
