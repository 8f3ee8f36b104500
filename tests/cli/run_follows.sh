# run_follows: in programs that fork and exec, out whether their children belong to the recording and are waited for.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
processes() { sed -n 's/.* events, \([0-9,]*\) process.*/\1/p' "$1"; }
"$HT" run -- sh -c 'ls / >/dev/null; ls / >/dev/null; true' 2>said || fail "exit status"
[ "$(processes said)" -ge 3 ] || fail "children are missing: $(cat said)"
"$HT" run --no-follow -- sh -c 'ls / >/dev/null; ls / >/dev/null; true' 2>said || fail "exit status"
[ "$(processes said)" = 1 ] || fail "--no-follow: $(cat said)"

start=$(date +%s%N)
"$HT" run -- sh -c '(sleep 0.7; ls / >late) & exit 3' 2>said; [ $? = 3 ] || fail "exit status of the first process"
[ -s late ] || fail "the child was not waited for"
[ $(( ($(date +%s%N) - start) / 1000000 )) -ge 700 ] || fail "too early"
start=$(date +%s%N)
"$HT" run -q --no-follow -- sh -c 'sleep 2 >/dev/null 2>&1 & exit 3'; [ $? = 3 ] || fail "exit status with --no-follow"
[ $(( ($(date +%s%N) - start) / 1000000 )) -lt 1500 ] || fail "--no-follow waited"

"$HT" run -o cut.htrc -- sh -c 'sleep 30 >/dev/null 2>&1 & echo $! >up' 2>said &
for _ in $(seq 1000); do [ -s up ] && break; sleep 0.01; done
sleep 0.3
kill -INT $! 2>/dev/null || fail "it did not wait for the child"
kill -TERM $!
wait $!; [ $? = 0 ] || fail "exit status after an interrupt"
kill "$(cat up)"
[ -s cut.htrc ] || fail "no trace after an interrupt"
echo ok
