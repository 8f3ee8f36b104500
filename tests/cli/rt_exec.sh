#!/usr/bin/env bash
# rt_exec: every way to start a program is followed, whatever environment it is given; without HT_SESSION_FOLLOW nothing of ours is left in it.
. "$SOURCE/tests/cli/rt_common.bash"
program=$VICTIMS/rt_exec
FOLLOW=2
for call in execve execv execvpe execvp execl execlp execle fexecve execveat posix_spawn posix_spawnp; do
    for list in full empty; do
        for way in fork vfork here; do
            case $call,$way in posix*,fork | posix*,vfork) continue ;; esac
            what="$call, $list environment, $way"
            lanes flags=$FOLLOW print=1 -- "$program" $list $call $way
            sound "$what"
            expect "$what: the started program is recorded" "$(grep -c '^alloc.* size=4321 ' "$TMP/lanes")" -eq 1
            expect "$what: it has an entry" "$(value processes)" -ge 2
            expect "$what: no entry is left half" "$(value processes_unfilled)" -eq 0
        done
        lanes flags=0 print=1 -- "$program" $list $call here
        expect "$call, $list, not followed: status" "$(value status)" -eq 0
        expect "$call, $list, not followed: nothing recorded" "$(grep -c '^alloc.* size=4321 ' "$TMP/lanes")" -eq 0
        expect "$call, $list, not followed: nothing of ours in its environment" "$(grep -c . "$TMP/output")" -eq 0
    done
done

# A spawned image does not end its parent's: what the parent frees afterwards is known.
for way in "posix_spawn here" "execve vfork" "execve fork"; do
    "$HT" run -q -f -o "$TMP/trace.htrc" -- "$program" full $way >"$TMP/output" 2>"$TMP/errors" || { echo "FAIL: $way under heaptracer run"; failed=1; }
    unknown=$("$HT" analyze "$TMP/trace.htrc" --table processes --csv | python3 -c 'import csv, sys; print(sum(int(row["unknown_frees"]) for row in csv.DictReader(sys.stdin)))')
    expect "$way: frees of unknown blocks" "$unknown" -eq 0
done

# Another preload stays where it is.
cat >"$TMP/other.c" <<'END'
int other;
END
cc -shared -fPIC -o "$TMP/other.so" "$TMP/other.c"
export PRELOAD=$TMP/other.so
lanes flags=$FOLLOW -- "$program" full execve fork
expect "another preload: kept behind ours" "$(grep -c "^LD_PRELOAD=$LIB:$PRELOAD\$" "$TMP/output")" -eq 1
lanes flags=0 -- "$program" full execve fork
expect "another preload: kept without ours" "$(grep -c "^LD_PRELOAD=$PRELOAD\$" "$TMP/output")" -eq 1
finish
