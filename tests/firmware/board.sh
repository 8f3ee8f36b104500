#!/usr/bin/env bash
# board: in a board and board_probe's ELF, out whether bytes go both ways unchanged and the exit status arrives.
set -u
coproc LINE { "$RUN" "$1" "$2"; }
exec {from}<&"${LINE[0]}" {to}>&"${LINE[1]}"
read -r -N1 -t 60 -u $from # what comes before its receiver is on, a board loses
printf 'abc.' >&$to
got=$(od -An -tx1 <&$from | tr -d ' \n')
wait $!
status=$?
[ "$got" = 61626300ff ] && [ $status -eq 7 ] && exit 0
echo "board $1: sent '$got', ended with $status"
exit 1
