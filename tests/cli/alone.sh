#!/usr/bin/env bash
# alone: in programs that are started with the runtime preloaded and nothing else, out their traces, by a collector that the runtime starts and nobody sees.
set -u
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "FAIL: $*"; exit 1; }
unset HEAPTRACER_SESSION HEAPTRACER_LIBRARY HEAPTRACER_OUTPUT HEAPTRACER_OPTIONS HEAPTRACER_COMMAND
library=$BUILD/libheaptracer.so

# The collector ends a moment after its program.
whole() {
    until_true '"$HT" info "'"$1"'" 2>/dev/null | grep -q "Ended in order  *yes"' || fail "$1 is not whole: $("$HT" info "$1" 2>&1 | head -12)"
}
# counted FILE N: that many blocks of the victim's size; none of it is lost.
counted() {
    whole "$1"
    [ "$("$HT" dump "$1" | grep -c ' alloc api=malloc .* size=4001 ')" = "$2" ] || fail "$1: not $2 blocks"
}

# Without HEAPTRACER_OUTPUT nothing happens.
LD_PRELOAD=$library "$VICTIMS/alone" plain || fail "off: exit status"
[ -z "$(ls)" ] || fail "off: files appeared: $(ls)"

for habit in plain wait close; do
    said=$(HEAPTRACER_OUTPUT=$habit.htrc LD_PRELOAD=$library "$VICTIMS/alone" $habit 2>&1) || fail "$habit: exit status $?"
    [ -z "$said" ] || fail "$habit: something was said: $said"
    counted $habit.htrc 3000
    "$HT" info $habit.htrc | grep -q "alone $habit" || fail "$habit: the command line is not there"
done
(HEAPTRACER_OUTPUT=%n.%p.htrc LD_PRELOAD=$library exec "$VICTIMS/alone" killed) 2>/dev/null
[ $? = 137 ] || fail "killed: exit status"
counted "$(ls alone.*.htrc)" 3000
"$HT" analyze "$(ls alone.*.htrc)" --table leaks | grep -q 'churn (alone.c' || fail "killed: no stack"

# Children belong to the same session; -f and other options come by the environment.
HEAPTRACER_OPTIONS='-f --depth 1' HEAPTRACER_OUTPUT=plain.htrc LD_PRELOAD=$library "$VICTIMS/alone" children "$VICTIMS/alone plain" || fail "children: exit status"
counted plain.htrc 6000
! "$HT" dump plain.htrc | grep -q 'frame .*parent=[1-9]' || fail "children: --depth 1 has deeper stacks"

# The program asks for it.
LD_PRELOAD=$library "$VICTIMS/alone" ask || fail "ask: exit status $?"
counted "$(ls heaptracer.alone.*.htrc)" 3000

# What cannot be: one sentence, and the program runs.
said=$(HEAPTRACER_OUTPUT=wait.htrc LD_PRELOAD=$library "$VICTIMS/alone" plain 2>&1) || fail "exists: exit status"
case $said in *"wait.htrc exists"*HEAPTRACER_OUTPUT*) ;; *) fail "an existing file: $said" ;; esac
said=$(HEAPTRACER_OUTPUT=no/folder.htrc LD_PRELOAD=$library "$VICTIMS/alone" plain 2>&1) || fail "no folder: exit status"
case $said in *no/folder*) ;; *) fail "no folder: $said" ;; esac
said=$(HEAPTRACER_COMMAND=/no/such HEAPTRACER_OUTPUT=x.htrc LD_PRELOAD=$library "$VICTIMS/alone" plain 2>&1) || fail "no command: exit status"
case $said in *HEAPTRACER_COMMAND*) ;; *) fail "no command: $said" ;; esac
[ ! -e x.htrc ] || fail "a trace without a command"
echo ok
