#!/usr/bin/env bash
# interactive: the full-screen view in a terminal of tmux: every tab, sort, filter, stack, mark, resize, mouse; a run that goes on; terminals that cannot.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR COLUMNS LINES TMUX
command -v tmux >/dev/null || { echo "interactive: skipped, there is no tmux"; exit 77; }
failed=0
work=$(mktemp -d)
terminals=0
tm() { tmux -L ht$$.$terminals -f /dev/null "$@" 2>/dev/null; }
trap 'tm kill-server; kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "interactive: $*"; tm capture-pane -p; failed=1; }
# A server of its own for each: one that is told to end does so a moment later.
open() { tm kill-server; terminals=$((terminals + 1)); tm new-session -d -x "$1" -y "$2" "$3; echo \"ended \$?\"; sleep 300"; }
screen() { tm capture-pane -p; }
# Waits until a line of the screen matches; the screen as a whole is shown when none does.
sees() { local wanted=$1; until_true 'tm has-session || return 1; screen | grep -q -- "$wanted"' || fail "no '$1'"; }
lacks() { local wanted=$1; until_true '! screen | grep -q -- "$wanted"' || fail "still '$1'"; }
press() { tm send-keys "$@"; }
# The screen may be half painted when what was waited for is there.
begins_with() { local wanted=$1; until_true 'screen | grep "^>" | head -1 | grep -q -- "$wanted"' || fail "$2"; }

"$HT" run -q -o a.htrc -- "$VICTIMS/live_grow" 1 >out || fail "run"
open 80 24 "'$HT' interactive a.htrc"
sees "HEAP TRACER DASHBOARD"; sees "^ ended .* blocks"; sees "keep_some (live_grow.c:"
press 2; sees "Never freed .* Site"; sees "^> .*keep_some (live_grow.c:"; sees "Never freed 1/2"
press Enter; sees "^  main (.*live_grow.c:"; press Escape; sees "Never freed 1/2"
press Down; sees "Never freed 2/2"; press k; sees "Never freed 1/2"
press 3; sees "Hotspots 1/"; sees "^ *Allocated "
press s; press s; sees "Allocations▼"; begins_with pass_through "not sorted by allocations"
press r; sees "Allocations▲"; until_true 'screen | grep -m1 "^>" | grep -qv pass_through' || fail "not turned round"
press /; sees "show rows with:"; press -l "KEEP_s"; sees "^ show rows with: KEEP_s_"; press Enter; sees "Hotspots 1/1 .*"; sees "with 'KEEP_s'"
lacks pass_through
press Escape; sees pass_through
press t; sees "^ Peak 1/"; press t; sees "^ Temporary"
press 4; sees "each sign is"; sees "██████"; sees "Start .* End .* Bytes"
press 5; sees "^> .* live_grow "
press 6; sees "Allocations/s ▕"; press End; sees " 1\.0.* s "; press Home
press 7; sees "No faults"; press 8; sees "MEMORY HEALTH REPORT"; press Tab; sees "HEAP TRACER DASHBOARD"
press '?'; sees "follow the row"; press Escape; lacks "follow the row"
press -l $'\e[M /!'; sees "Never freed 1/2" # a click on the second tab
press -l $'\e[M#/!'; press -l $'\e[M &%'; press -l $'\e[M#&%'; sees "Never freed 2/2" # and on a row
tm resize-window -x 160 -y 50; sees "Largest"; [ "$(screen | wc -l)" = 50 ] || fail "resized: $(screen | wc -l) lines"
tm resize-window -x 50 -y 12; sees "too small: 60x15"
tm resize-window -x 60 -y 15; sees "Never freed 2/2"; lacks "too small"
for size in 80x24 200x60 61x15 90x20 120x33 300x90 60x15; do tm resize-window -x ${size%x*} -y ${size#*x}; done; sees "Never freed 2/2"
press q; sees "^ended 0$"

# Firmware: its regions, tasks and faults.
"$VICTIMS/voice" >line.bin && "$HT" listen -q file:line.bin -e "$VICTIMS/voice" -o v.htrc
open 100 40 "'$HT' interactive v.htrc --theme light"
sees "internal Status (internal):"; sees "^ ended .* 1 fault "; sees "Largest Free:"; sees "Task Stacks:"
press 5; sees "High water"; press 7; sees "^> "; sees "^ Faults 1/1"; press Enter; sees "found"; press Escape
press 4; sees "used"; press q; sees "^ended 0$"

# ASCII and no colours.
open 80 24 "LC_ALL=C NO_COLOR=1 '$HT' interactive a.htrc"
sees "HEAP TRACER DASHBOARD"
for tab in "1DASHBOARD" "2Never freed .* Site" "3^ *Allocated " "4each sign is" "5^> .* live_grow " "6Allocations/s" "7No faults" "8MEMORY HEALTH REPORT"; do
    press ${tab::1}; sees "${tab:1}"
    screen | grep -qP '[^\x00-\x7f]' && fail "tab ${tab::1} is not ASCII: $(screen | grep -P '[^\x00-\x7f]' | head -2)"
    tm capture-pane -pe | grep -q $'\e\[[0-9;]*3[0-7]' && fail "tab ${tab::1} has colours"
done
press q; sees "^ended 0$"
open 80 24 "'$HT' interactive a.htrc"; sees "HEAP TRACER DASHBOARD"
tm capture-pane -pe | grep -q $'\e\[[0-9;]*3[0-7]' || fail "no colours at all"

# A run that goes on: figures move, a mark and what changed since; pause; q leaves it running, recorded.
blocks() { screen | sed -n '2s/.* in \([0-9,]*\) blocks.*/\1/p' | tr -d ,; }
more() { local least=$1 now; until_true 'now=$(blocks); [ "${now:-0}" -gt "$least" ]' || fail "the figures do not move from $1"; }
open 100 30 "'$HT' run --live -o b.htrc -- '$VICTIMS/live_grow' 300"
sees "^ live .* allocs/s"; more 100; more "$(blocks)"; more "$(blocks)"
press 3; sees "^> .*keep_some"; press m; sleep 0.3; press d; sees "change since"; sees "^> *+[0-9.]* [KM]iB .*keep_some"; press d; lacks "change since"
press Space; sees "^ paused "; until_true 'held=$(blocks); sleep 0.6; [ "$(blocks)" = "$held" ]' || fail "paused, but the figures move"
press Space; more "$held"
press q; sees "the program runs on as process [0-9]*, recorded into b.htrc"; sees "^ended 0$"
kill -USR1 "$(screen | sed -n 's/.*runs on as process \([0-9]*\),.*/\1/p')" || fail "it does not run on"
"$HT" monitor b.htrc >lines.txt || fail "the recording that was left"
"$HT" analyze b.htrc --table marks --csv | grep -q "looked at 1" || fail "the mark is not in the trace"
[ "$(cat b.htrc.out)" = "live_grow: done" ] || fail "the program's output: $(cat b.htrc.out)"

# A storm of changes of the size changes nothing; a theme of the view's own colours.
printf '#!/bin/sh\necho $$ >shell\nexec "$@"\n' >told; chmod +x told
open 100 30 "./told '$HT' run --live --theme solarized -o s.htrc -- '$VICTIMS/live_grow' 300"
sees "^ live .* allocs/s"; more 100
tm capture-pane -pe | grep -q $'\e\[[0-9;]*4[08]' || fail "no background of its own"
shell=$(cat shell); for ((i = 0; i < 3000; i++)); do kill -WINCH "$shell" || break; done
more "$(blocks)"; press 3; sees "^> .*keep_some"; press q; sees "the program runs on as process"
kill "$(screen | sed -n 's/.*runs on as process \([0-9]*\),.*/\1/p')" || fail "it does not run on"
"$HT" monitor s.htrc >lines.txt || fail "the recording behind the storm"

# To its end, whose exit code is ours; its own errors.
open 100 30 "'$HT' run --live -o c.htrc -- sh -c 'exit 7'"
sees "^ ended"; press q; sees "heaptracer: c.htrc "; sees "^ended 7$"
open 100 30 "'$HT' run --live -o c.htrc -- true"; sees "c.htrc exists"; sees "^ended 2$"
open 100 30 "'$HT' run --live ./absent"; sees "absent"; sees "^ended 2$"
ls heaptracer.* 2>/dev/null && fail "a file was left behind"

# A process that runs already is left alone by q.
"$VICTIMS/live_grow" 300 >out & grower=$!
open 100 30 "'$HT' attach $grower --live -o g.htrc"
sees "^ live .* allocs/s"; more 100; press q; sees "heaptracer: g.htrc "; sees "^ended 0$"
kill -0 $grower || fail "it ended with the view"
"$HT" attach $grower -q -o g2.htrc --duration 100ms 9>&- || fail "it was not left"
kill $grower; until_ended $grower
open 100 30 "'$HT' attach $grower --live -o h.htrc"; sees "there is no process"; sees "^ended 2$"

# The recorder is killed: the view says so, and 3.
open 100 30 "'$HT' interactive d.htrc"; sees "d.htrc cannot be opened"; sees "^ended 3$"
"$HT" run -q -o d.htrc -- "$VICTIMS/live_grow" 300 >out & recorder=$!
until_true '[ -s d.htrc ]'
open 100 30 "'$HT' interactive d.htrc"; sees "^ live "; grower=$(pgrep -P $recorder); { kill -9 $recorder; wait $recorder; kill $grower; } 2>/dev/null; sees "^ ended"
press q; sees "ends before the recorder's totals"; sees "^ended 3$"

# The terminal goes away: so does the view, and nothing else.
"$HT" run -q -o e.htrc -- sh -c 'echo $$ >pid; exec "$0" 300' "$VICTIMS/live_grow" >out & recorder=$!
until_true '[ -s e.htrc ]'
open 100 30 "echo \$\$ >shell; exec '$HT' interactive e.htrc"; sees "^ live "
tm kill-server; until_true '! kill -0 "$(cat shell)" 2>/dev/null' || fail "the view outlives its terminal"
kill -USR1 "$(cat pid)"; wait $recorder || fail "the recording ended with its view"

refuse() { "$@" >out 2>said </dev/null; [ $? = 2 ] && grep -q "$what" said || fail "$*: $(cat said)"; }
what="standard output is no terminal" refuse "$HT" interactive a.htrc
what="standard output is no terminal" refuse "$HT" run --live -o f.htrc -- true
open 80 24 "TERM=dumb '$HT' interactive a.htrc"; sees "this terminal (TERM=dumb) cannot be painted on"; sees "^ended 2$"
open 80 24 "TERM=no-such '$HT' run --live -o f.htrc -- true"; sees "'no-such' is not known here"; sees "^ended 2$"
exit $failed
