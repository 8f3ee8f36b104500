# run_full_disk: in a trace that cannot be written to its end, out one sentence and exit code 3; the program goes on to its own end.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
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

# Whoever steers a recording that was cut is told so.
rm said
(ulimit -S -f 4; exec "$HT" run --level 1 --tick 1ns -o b.htrc -- sh -c '"$1" 2 300000 /dev/shm/run_full_disk.$$; rm -f /dev/shm/run_full_disk.$$; while [ ! -e asked ]; do sleep 0.05; done' sh "$VICTIMS/run_busy") >out 2>said &
recorder=$!
until_true 'grep -q unwatched said'
target=$(pgrep -P $recorder -x sh)
"$HT" ctl "$target" mark late >answer 2>&1 && fail "a mark is taken by a recording that was cut: $(cat answer)"
grep -q unwatched answer || fail "ctl does not say why: $(cat answer)"
"$HT" ctl "$target" stop >answer 2>&1 && fail "a recording that was cut can be paused: $(cat answer)"
: >asked
wait $recorder
[ $? = 3 ] || fail "the cut recording ended otherwise: $(cat said)"
echo ok
