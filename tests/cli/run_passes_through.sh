# run_passes_through: in programs that look at what they are given, out the same words, status, input, environment and signals as without us.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; exit 1; }

"$HT" run -q -- sh -c 'exit 42'; [ $? = 42 ] || fail "exit status"
"$HT" run -q -- sh -c 'kill -9 $$'; [ $? = 137 ] || fail "status of a signal"
[ "$(printf 'a\nb\n' | "$HT" run -q -- cat)" = "$(printf 'a\nb')" ] || fail "standard input"
[ "$("$HT" run -q -- printf '%s|' 'a b' '' '$x' "it's" -q)" = "a b||\$x|it's|-q|" ] || fail "arguments"
both=$("$HT" run -q -- sh -c 'echo out; echo err >&2' 2>err); [ "$both" = out ] && [ "$(cat err)" = err ] || fail "standard output and error"
printf '#!/bin/sh\necho "script $1"; exit 5\n' >script && chmod +x script
[ "$("$HT" run -q -- ./script one)" = "script one" ] || fail "a script"
case $(LD_PRELOAD=libm.so.6 "$HT" run -q -- sh -c 'echo $LD_PRELOAD') in */libheaptracer.so:libm.so.6) ;; *) fail "LD_PRELOAD of the user" ;; esac
"$HT" run -q -- sh -c 'exec sleep 0.2 <&- >&- 2>&-' || fail "closed descriptors"
[ "$("$HT" run -q -- sh -c 'ulimit -n')" = "$(ulimit -n)" ] || fail "limits"
[ "$("$HT" run -q -- sh -c 'ls /proc/self/fd | wc -l')" = "$(sh -c 'ls /proc/self/fd | wc -l')" ] || fail "a descriptor of ours is open in the program"

# SIGTERM is handed on; SIGINT goes to the whole group of a terminal, so ours must not end us.
"$HT" run -q -o term.htrc -- sh -c 'trap "exit 9" TERM; echo up >up; while :; do sleep 0.05; done' &
until_true '[ -s up ]'
kill -TERM $!; wait $!; [ $? = 9 ] || fail "SIGTERM is not handed on"
python3 - "$HT" <<'P' || fail "SIGINT"
import os, signal, subprocess, sys, time
run = subprocess.Popen([sys.argv[1], "run", "-o", "int.htrc", "--", "sh", "-c", "trap 'exit 8' INT; echo up; while :; do sleep 0.05; done"],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
run.stdout.readline()
os.killpg(run.pid, signal.SIGINT)
words = run.communicate(timeout=60)[1].decode()
sys.exit(0 if run.returncode == 8 and "int.htrc" in words else 1)
P
[ -s int.htrc ] || fail "no trace after SIGINT"
[ -z "$(ls /dev/shm | grep "^heaptracer-$$-")" ] || fail "a session file was left"
echo ok
