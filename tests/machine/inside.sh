# inside: the first process of the machine: each function case_NAME runs, and "ok NAME ..." or "FAIL NAME: ..." is said on the console. ROUNDS and CASES may be given on
# the kernel's command line.
export PATH=/bin:/usr/bin HEAPTRACER_CONFIG=none ROUNDS=${ROUNDS:-4}
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /tmp
cd /tmp

fail() { echo "FAIL $name: $*"; for file in said err; do [ ! -s $file ] || tail -5 $file; done; kill -KILL $victims 2>/dev/null; exit 1; }
until_true() { local i=0; until eval "$1"; do i=$((i + 1)); [ $i -lt 3000 ] || fail "not so in time: $1"; usleep 50000; done; }
# start PROGRAM ARGUMENT...: its number goes to $pid; its input has no end until `stop`, which gives it a line.
start() {
    rm -f in out; mkfifo in
    "$@" <in >out 2>&1 & pid=$!
    victims="$victims $pid"
    exec 7>in
    until_true "grep -q ready out"
}
stop() { echo >&7; exec 7>&-; wait $pid; }
attach() { timeout 400 heaptracer attach "$@" -q -f >said 2>&1; }
dumped() { heaptracer dump "$1" | grep -c "$2"; }

case_doctor() {
    heaptracer doctor >out
    for line in 'ok *join a process that runs (attach)' 'ok *stamps by the processor' 'ok *record with nothing in the process (probe)'; do
        grep -q "^$line" out || fail "$line: $(cat out)"
    done
}

counts() {
    timeout 400 heaptracer run -q -f -o a.htrc -- "$1" 2>said || fail "run $1"
    heaptracer dump a.htrc >events
    [ "$(grep -c ' alloc api=malloc ' events) $(grep -c ' resize_end .*size=3000 ' events) $(grep -c ' free ' events)" = "600 600 600" ] || fail "counts of $1"
    [ "$(grep -c ' alloc api=calloc .*size=77 ' events)" = 50 ] || fail "what $1 keeps"
    heaptracer analyze a.htrc -t leaks >out
    grep -q '50 .*100 %' out && grep -q 'keep_one (counted.c:[0-9]*) <- main (counted.c:[0-9]*)' out || fail "leaks of $1: $(cat out)"
    heaptracer analyze a.htrc -t hotspots >out
    grep -q 'wave_crest (counted.c:[0-9]*) <- wave (counted.c:[0-9]*) <- .*libc' out || fail "stacks of $1: $(cat out)"
}
case_run() { counts /victims/counted; }
case_run_signed() { counts /victims/counted_signed; }

# rounds PROGRAM COUNT: with pauses, since what it does is slow here; attached to and left so many times; what it does is the same, and no block is missed.
rounds() {
    start "$1" 4 3000
    events=0 seen=0 held=
    for i in $(seq "$2"); do
        timeout 400 heaptracer attach $pid -f -o b.htrc --duration 50ms >said 2>&1 || fail "$1, round $i: $?"
        held="$held $(sed -n 's/.*one thread was held for \([0-9.]*\) ms.*/\1/p' said)"
        heaptracer dump b.htrc | awk -f /cases/attach_check.awk >sum
        read more sizes bad <<END
$(tail -1 sum)
END
        [ "$bad" = 0 ] || fail "$1, round $i: $(cat sum)"
        events=$((events + more)) seen=$((seen + sizes))
    done
    stop || fail "$1 ended with $?"
    [ "$(grep -c ' 0$' out)" = 8 ] || fail "$1 was surprised: $(cat out)"
    [ $seen -gt $((10 * $2)) ] || fail "only $seen blocks were seen"
    figures="$2 rounds, $events events, $seen of counted blocks, none missing, held ms:$(echo $held | tr ' ' '\n' | sort -n | awk '{ v[NR] = $1 } END { print " median " v[int((NR + 1) / 2)] ", most " v[NR] }')"
}
case_attach() { rounds /victims/joined "$ROUNDS"; }
case_attach_signed() { rounds /victims/joined_signed $((ROUNDS / 4 + 1)); }

case_plugs() {
    /victims/plugs & pid=$!
    victims=$pid
    until_true "grep -q libc.so /proc/$pid/maps"
    for i in 1 2; do
        attach $pid -o c.htrc --duration 300ms || fail "attach"
        [ "$(dumped c.htrc size=4242)" -gt 2 ] && [ "$(dumped c.htrc size=333)" -gt 2 ] || fail "blocks of a library that comes and goes: $(heaptracer dump c.htrc | tail -5)"
    done
    kill -0 $pid || fail "its library was not found"
    kill $pid
}

# Vectors in their whole width, and stops at any place of code with landing pads and signed addresses.
case_vectors() {
    /victims/spinner >out 2>&1 & pid=$!
    victims=$pid
    until_true "grep -q ready out"
    (while kill -USR1 $pid 2>/dev/null; do usleep 3000; done) &
    for i in $(seq "$ROUNDS"); do
        attach $pid -o d.htrc --duration 10ms || fail "round $i"
    done
    kill $pid
    wait $pid || fail "ended with $?: $(cat out)"
    grep -q '^sve, ' out || fail "no wide vectors were there"
    figures=$(tail -1 out)
}

# Calls that a stop could end, or make longer.
case_epoll() {
    start /victims/waiting epoll
    for i in 1 2 3; do attach $pid -o e.htrc --duration 20ms || fail "round $i"; done
    stop || fail "$? calls were ended"
}
case_alarm() {
    start /victims/waiting alarm
    for i in $(seq "$ROUNDS"); do
        attach $pid -o e.htrc --duration 10ms || fail "round $i"
        dots=$(wc -c <out)
        until_true "[ \$(wc -c <out) -gt $dots ]"
    done
    kill $pid
    wait $pid || fail "$? calls went wrong"
}
case_sleep() {
    /victims/waiting sleep 12 >slept 2>&1 & pid=$!
    victims=$pid
    sleep 9 # begun anew it would be 21
    attach $pid -o e.htrc --duration 20ms || fail "attach"
    wait $pid || fail "$(cat slept)"
    figures=$(tail -1 slept)
}

# refuse WORDS COMMAND...: with status 2 or 3 and a sentence that has the words.
refuse() {
    local words=$1; shift
    "$@" >said 2>&1; status=$?
    [ $status = 2 ] || [ $status = 3 ] && grep -q "$words" said && [ ! -e no.htrc ] || fail "$words: $status"
}
case_refused() {
    rm -f in; mkfifo in
    /victims/still <in & still=$!
    exec 7>in
    start /victims/waiting epoll
    victims="$victims $still"
    refuse 'statically linked' heaptracer attach $still -o no.htrc --duration 1s
    refuse 'there is no process' heaptracer attach 4000000 -o no.htrc --duration 1s
    kill -STOP $pid
    until_true "grep -q 'State:.T' /proc/$pid/status"
    refuse 'kill -CONT' heaptracer attach $pid -o no.htrc --duration 1s
    kill -CONT $pid
    /victims/holder $pid >held & holder=$!
    until_true "grep -q ready held"
    refuse 'held by another program' heaptracer attach $pid -o no.htrc --duration 1s
    kill $holder; wait $holder
    chmod 777 /tmp
    refuse 'belongs to root' su nobody -c "heaptracer attach $pid -o no.htrc --duration 1s"
    su nobody -c '/victims/waiting sleep 60' >other & victims="$victims $!"
    until_true "grep -q ready other"
    other=$(pidof waiting | tr ' ' '\n' | grep -vx $pid)
    echo 1 >/proc/sys/kernel/yama/ptrace_scope
    refuse 'ptrace_scope is 1' su nobody -c "heaptracer attach $other -o no.htrc --duration 1s"
    echo 2 >/proc/sys/kernel/yama/ptrace_scope
    refuse 'ptrace_scope is 2' su nobody -c "heaptracer attach $other -o no.htrc --duration 1s"
    echo 0 >/proc/sys/kernel/yama/ptrace_scope
    su nobody -c "heaptracer attach $other -o /tmp/yes.htrc --duration 10ms" >said 2>&1 || fail "one's own"
    kill $other $still
    stop
    [ $? -lt 3 ] || fail "ended with $?"
}

traced() { start timeout 400 heaptracer run -q -f -o f.htrc "$@"; inner=; until_true 'inner=$(pidof $(basename $program)); [ "$inner" ]'; }
case_leaks() {
    timeout 400 heaptracer run -f --leaks -o f.htrc -- /victims/reach_cases >said 2>&1 || fail "its status"
    grep -q 'leaks: 722 B lost and 1.0 KiB with it, 671 B possibly' said || fail "classes at its end"
    program=reach_cases traced -- /victims/reach_cases mid
    heaptracer leaks $inner >page 2>said || fail "leaks PID"
    tr '\n' ' ' <page | grep -q 'when asked: direct 5 blocks (722 B), indirect 6 blocks (1.0 KiB), possible 6 blocks (671 B)' || fail "classes when asked: $(cat page)"
    stop || fail "ended with $?"
}
case_leaks_waits() {
    program=reach_hard traced -- /victims/reach_hard waits 1000
    for i in 1 2; do heaptracer leaks $inner >page 2>said || fail "look $i"; done
    stop || fail "so much was noticed: $?"
}
case_leaks_threads() {
    program=reach_hard traced --leaks -- /victims/reach_hard threads 60
    heaptracer leaks $inner >page 2>said || fail "leaks PID"
    stop || fail "ended with $?"
}
case_leaks_busy() {
    program=reach_hard traced -- /victims/reach_hard busy
    for i in 1 2; do heaptracer leaks $inner --fail-on leak >page 2>said || fail "a program at work: $(cat page)"; done
    stop || fail "ended with $?"
}

case_probe() {
    rm -f in; mkfifo in
    /victims/probed <in & pid=$!
    exec 7>in
    victims=$pid
    rm -f said
    heaptracer probe $pid -o g.htrc >said 2>&1 & prober=$!
    until_true "grep -q 'Ctrl-C ends' said"
    stop
    wait $prober || fail "its exit code"
    heaptracer analyze g.htrc -t threads --csv >out
    [ "$(heaptracer dump g.htrc | grep -c ' alloc api=calloc .*size=21 ')" = 400 ] || fail "calls of calloc: $(dumped g.htrc api=calloc)"
    [ "$(heaptracer dump g.htrc | grep -c 'operator new\[\].*size=40 ')" = 400 ] || fail "calls of new[]: $(dumped g.htrc api=new)"
    heaptracer analyze g.htrc -t leaks >out
    grep -q 'keep (probed.cc:[0-9]*) <- main (probed.cc:[0-9]*)' out || fail "what was kept: $(cat out)"
    rm -f in; mkfifo in
    /victims/still <in & pid=$!
    exec 7>in
    rm -f said
    heaptracer probe $pid -o h.htrc >said 2>&1 & prober=$!
    until_true "grep -q 'Ctrl-C ends' said"
    stop
    wait $prober || fail "of a static program"
    [ "$(dumped h.htrc ' alloc api=malloc .*size=77 ')" = 500 ] || fail "of a static program: $(dumped h.htrc api=malloc)"
}

each() {
    for name in ${CASES:-$(sed -n 's/^case_\([a-z_]*\)() {.*/\1/p' /cases/inside.sh)}; do
        read since rest </proc/uptime
        (figures= victims= pid=; case_$name 7>&- && read now rest </proc/uptime && echo "ok $name $figures ($since to $now s)")
    done
    echo "machine: $(uname -r), $(nproc) processors, done"
}
each 2>&1 | cat # no terminal
poweroff -f
