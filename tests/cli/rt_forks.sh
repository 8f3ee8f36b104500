#!/usr/bin/env bash
# rt_forks: thousands of quick children of every kind are all in the session, and so is what the parent does afterwards.
. "$SOURCE/tests/cli/rt_common.bash"
for way in fork idle raw killed vfork; do
    lanes print=1 -- "$VICTIMS/rt_forks" $way 2000
    sound $way
    expect "$way: the parent's last block" "$(grep -c '^alloc.* size=888 ' "$TMP/lanes")" -eq 1
    expect "$way: no entry is left half" "$(value processes_unfilled)" -eq 0
    expect "$way: truncated" "$(value truncated)" -eq 0
    case $way in
    fork | raw) expect "$way: the children's blocks" "$(grep -c '^alloc.* size=777 ' "$TMP/lanes")" -eq 2000 ;;
    esac
    case $way in
    vfork) expect "$way: a vfork child is no image" "$(value processes)" -eq 1 ;;
    *) expect "$way: images" "$(value processes)" -eq 2001 ;;
    esac
done
lanes print=1 -- "$VICTIMS/rt_forks" daemon 20
sleep 0.2
sound daemon
expect "daemon: images" "$(value processes)" -ge 21
finish
