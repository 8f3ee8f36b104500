#!/usr/bin/env bash
# bounded: in SECONDS and a command, out its status; whatever it leaves running ends with it, and so does itself when its time is over (124).
# What is left would hold the pipe to who started the test, who waits for its end.
set -mu
timeout -k 10 "$@" &
group=$!
wait $group
status=$?
left=$(pgrep -g $group -a) && echo "bounded: it left behind: $left" >&2
kill -KILL -- -$group 2>/dev/null
exit $status
