# run_follows: in programs that fork and exec, out whether their children belong to the recording and are waited for.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; exit 1; }
processes() { sed -n 's/.* events, \([0-9,]*\) process.*/\1/p' "$1"; }
"$HT" run -- sh -c 'ls / >/dev/null; ls / >/dev/null; true' 2>said || fail "exit status"
[ "$(processes said)" -ge 3 ] || fail "children are missing: $(cat said)"
"$HT" run --no-follow -- sh -c 'ls / >/dev/null; ls / >/dev/null; true' 2>said || fail "exit status"
[ "$(processes said)" = 1 ] || fail "--no-follow: $(cat said)"

# A compiler driver spawns its stages: an exec'd child with a pid of its own, whose parent lives on with its blocks.
"$HT" run -o spawn.htrc -- gcc -E -x c /dev/null >/dev/null 2>said || fail "exit status of a spawning program"
"$HT" analyze spawn.htrc --table summary --csv >summary.csv || fail "analyze"
column() { awk -F, -v name="$1" 'NR==1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } NR==2 { print $at }' summary.csv; }
[ "$(column unknown_frees)" = 0 ] || fail "frees of unknown blocks: $(column unknown_frees)"
[ "$(column leaked_count)" = "$(sed -n 's/.* \([0-9,]*\) blocks ([^)]*) never freed.*/\1/p' said | tr -d ,)" ] || fail "run and analyze differ: $(cat said summary.csv)"

"$HT" run -- sh -c '(sleep 0.7; ls / >late) & exit 3' 2>said; [ $? = 3 ] || fail "exit status of the first process"
[ -s late ] || fail "the child was not waited for"
"$HT" run -q --no-follow -- sh -c 'sleep 300 >/dev/null 2>&1 & echo $! >left; exit 3'; [ $? = 3 ] || fail "exit status with --no-follow"
kill "$(cat left)" || fail "--no-follow waited"

# In a PID namespace below ours the first process is number 1, and init's end must not be waited for.
if unshare -Urpf true 2>/dev/null; then
    timeout 60 "$HT" run -o inner.htrc -- unshare -Urpf sh -c 'ls / >/dev/null; exit 4' 2>said; [ $? = 4 ] || fail "exit status from a PID namespace: $(cat said)"
    "$HT" analyze inner.htrc --table processes --csv >processes.csv || fail "analyze"
    ! grep -q running processes.csv || fail "the end of a process in a PID namespace was not seen: $(cat processes.csv)"
fi

"$HT" run -o cut.htrc -- sh -c 'sleep 300 >/dev/null 2>&1 & echo $! >up' 2>said & run=$!
until_true '[ -s up ] && ! pgrep -P $run -x sh >/dev/null'
kill -INT $run 2>/dev/null || fail "it did not wait for the child"
kill -TERM $run
wait $run; [ $? = 0 ] || fail "exit status after an interrupt"
kill "$(cat up)"
[ -s cut.htrc ] || fail "no trace after an interrupt"
echo ok
