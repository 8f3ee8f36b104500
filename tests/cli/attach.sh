# attach: in a program that runs already, out the trace of a part of its life, and the program as it was.
set -u
work=$(mktemp -d)
trap 'kill -CONT $victims 2>/dev/null; kill -KILL $victims 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
victims=
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; cat err said 2>/dev/null; exit 1; }
# start NAME ARGUMENT...: runs until its input is closed; its number goes to $pid.
start() {
    mkfifo in
    rm -f out # a job in the background empties its files a moment later
    "$@" <in >out 2>&1 &
    pid=$!
    victims="$victims $pid"
    exec 9>in
    until_true 'grep -q ready out' || fail "it does not begin"
}
stop() {
    exec 9>&-
    wait $pid || fail "the program ended with $?"
    rm in
    grep -v ready out | grep -v ' 0$' && fail "the program was surprised"
    return 0
}
until_is() { until_true '[ "$(cat /proc/'$1'/comm)" = '$2' ]' || fail "no $2"; } # what was started in the background is this shell for a while
until_seen() { until_true '[ "$("$HT" ctl '$1' status 2>/dev/null | sed -n "s/^events *//p")" -gt '${2:-5000}' ] 2>/dev/null' || fail "nothing is recorded"; }
# look PID FILE TEXT: joins it for a while; whether the trace has more than four such lines.
look() {
    "$HT" attach $1 -q -o $2 2>err & recorder=$!
    until_seen $1 200
    "$HT" ctl $1 detach >/dev/null && wait $recorder && [ "$("$HT" dump $2 | grep -c $3)" -gt 4 ]
}
check() { "$HT" dump "$1" | awk -f "$SOURCE/tests/cli/attach_check.awk" >sum; read -r events seen bad < <(tail -1 sum); [ "$bad" = 0 ] && [ "$seen" -gt 50 ] || { head sum; fail "$1"; }; }

start "$VICTIMS/joined" 4
python3 "$SOURCE/tests/cli/attach_slots.py" $pid >before
rm -f said; "$HT" attach $pid -o first.htrc 2>said 9>&- &
recorder=$!
until_true 'grep -q "Ctrl-C detaches" said'
until_seen $pid
python3 "$SOURCE/tests/cli/attach_slots.py" $pid >meanwhile
cmp -s before meanwhile && fail "nothing was redirected"
[ "$("$HT" ctl $pid status | head -1)" = recording ] || fail "status"
"$HT" attach $pid -o twice.htrc --duration 1s 2>err; [ $? = 2 ] && grep -q 'being recorded already' err || fail "a second recorder"
"$HT" ctl $pid detach | grep -q detaching || fail "detach"
wait $recorder || fail "the recorder ended with $?"
python3 "$SOURCE/tests/cli/attach_slots.py" $pid >after
cmp before after || fail "it was not left as it was"
check first.htrc
"$HT" analyze first.htrc -t summary --json | grep -q 'made before the recording' || fail "frees of blocks from before"

# Again, ended by Ctrl-C, by the clock, and by a kill, which the next one mends.
"$HT" attach $pid -q -o second.htrc 2>said 9>&- & recorder=$!
until_seen $pid; kill -INT $recorder; wait $recorder || fail "Ctrl-C"
check second.htrc
"$HT" attach $pid -q -o third.htrc 2>said 9>&- & recorder=$!
until_seen $pid; kill -KILL $recorder; wait $recorder 2>/dev/null
"$HT" attach $pid -q -o fourth.htrc --duration 200ms 2>said || fail "after a recorder that was killed"
check fourth.htrc
python3 "$SOURCE/tests/cli/attach_slots.py" $pid >after
cmp before after || fail "it was not left as it was, at last"
stop

# Calls that a stop could end: without end, and such as a signal has to end.
start "$VICTIMS/waiting" epoll
for round in 1 2 3; do "$HT" attach $pid -q -f -o wait.htrc --duration 20ms 2>said 9>&- || fail "a program that waits"; done
echo >&9; exec 9>&-
wait $pid || fail "$? waits were ended"
rm in
start "$VICTIMS/waiting" alarm
for round in 1 2 3 4 5; do
    "$HT" attach $pid -q -f -o wait.htrc --duration 20ms 2>said 9>&- || fail "a program that waits for signals"
    dots=$(wc -c <out)
    for _ in $(seq 500); do [ "$(wc -c <out)" -gt "$dots" ] && break; sleep 0.01; done
    [ "$(wc -c <out)" -gt "$dots" ] || fail "a signal ended no call"
done
kill $pid; wait $pid || fail "$? of its calls went wrong"
exec 9>&-; rm in

# It may end meanwhile.
start "$VICTIMS/joined" 2
"$HT" attach $pid -q -o end.htrc 2>said 9>&- & recorder=$!
until_seen $pid
stop
wait $recorder || fail "the recorder of a program that ended: $?"
"$HT" analyze end.htrc >/dev/null || fail "its trace"

# Libraries that come and go meanwhile: found by path, and by the caller's own RUNPATH.
mkdir lib
printf '#include <stdlib.h>\nvoid plug_work(void) { void *volatile block = malloc(4242); free(block); }\n' >lib/plug.c
cat >plugs.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    puts("ready");
    fflush(stdout);
    for (int i = 0;; i = !i) {
        void *handle = dlopen(i ? "libplug.so" : "./lib/libplug.so", RTLD_NOW);
        void (*work)(void) = handle ? (void (*)(void))dlsym(handle, "plug_work") : 0;
        if (!work)
            return 1;
        work();
        dlclose(handle);
        usleep(1000);
    }
}
END
cc -shared -fPIC lib/plug.c -o lib/libplug.so && cc plugs.c -o plugs -ldl -Wl,-rpath,'$ORIGIN/lib' -Wl,--enable-new-dtags || fail "the plug-in cannot be built"
rm out; ./plugs >out & plugs=$!; victims="$victims $plugs"
until_true 'grep -q ready out'
look $plugs plugs.htrc size=4242 || fail "plug-ins, and blocks of libraries that were loaded later"
kill -0 $plugs || fail "a library was not found"

# What cannot be, and why.
# A program with an address of its own for malloc, as Debian's python3 is: its calls are seen all the same.
cat >stub.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
void *(*volatile taken)(size_t) = malloc;
int main(void)
{
    puts("ready");
    fflush(stdout);
    for (;;) {
        void *volatile block = malloc(7777);
        free(block);
        free(taken(55));
        usleep(1000);
    }
}
END
cc -O1 -fno-pie -no-pie -fno-builtin stub.c -o stub || exit 1
rm out; ./stub >out & stub=$!; victims="$victims $stub"
until_true 'grep -q ready out'
look $stub stub.htrc size=7777 || fail "a program with its own address for malloc"
"$HT" dump stub.htrc | grep -q ' free ' || fail "calls of a program with its own address for malloc"

refuse() { local words=$1; shift; "$HT" attach "$@" -o no.htrc --duration 1s 2>err; [ $? -ge 2 ] && grep -q "$words" err && [ ! -e no.htrc ] || fail "refuse: $words"; }
refuse 'not the number' x
refuse 'there is no process' 1073741823
sleep 100 & pid=$!; victims="$victims $pid"
until_is $pid sleep; kill -STOP $pid; until_true 'grep -q "^State:.T" /proc/$pid/status'
refuse 'kill -CONT' $pid
kill -CONT $pid
printf 'int main(void) { for (;;) __asm__ volatile("pause"); }' >static.c
if cc -static static.c -o static 2>/dev/null; then ./static & victims="$victims $!"; until_is $! static; refuse 'statically linked' $!; fi
if cc -m32 static.c -o narrow 2>/dev/null; then ./narrow & victims="$victims $!"; until_is $! narrow; refuse 'own kind' $!; fi
if command -v musl-gcc >/dev/null; then musl-gcc static.c -o musl && { ./musl & victims="$victims $!"; until_is $! musl; refuse 'musl' $!; }; fi
python3 -c '
import ctypes, struct, time
libc = ctypes.CDLL(None)
allow = struct.pack("HBBI", 6, 0, 0, 0x7fff0000)
room = ctypes.create_string_buffer(allow)
program = struct.pack("HxxxxxxP", 1, ctypes.addressof(room))
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0
print("filtered", flush=True)
time.sleep(100)' >filtered & victims="$victims $!"
until_true 'grep -q filtered filtered'
refuse 'despite-seccomp' $!
"$HT" attach $! --despite-seccomp -q -o filtered.htrc --duration 50ms 2>err || fail "despite a filter"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 . && HOME=$work setpriv --reuid 65534 --clear-groups "$HT" attach $pid -o no.htrc --duration 1s 2>err; [ $? = 2 ] && grep -q "belongs to" err || fail "another user's"
fi
if command -v strace >/dev/null; then
    strace -o /dev/null -p $pid 2>/dev/null & tracer=$!; victims="$victims $tracer"; until_true '! grep -q "^TracerPid:.0$" /proc/$pid/status'
    refuse 'held by another program' $pid
fi
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    unshare -m sh -c 'mount -t tmpfs none /dev/shm && exec sleep 100' & victims="$victims $!"; until_is $! sleep
    "$HT" attach $! -o no.htrc --duration 1s 2>err; [ $? != 0 ] && grep -q 'does not see' err && [ ! -e no.htrc ] || fail "another mount namespace"
    unshare -p -f sleep 100 & outer=$!
    until_true 'inner=$(pgrep -P $outer -x sleep)'; victims="$victims $inner"
    refuse 'have other numbers' $inner
fi
exit 0
