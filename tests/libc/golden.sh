#!/usr/bin/env bash
# golden: in the model and a folder of what real allocators said that no package here has, out whether the model gives every address that they gave.
set -u
failed=0
for said in "$2"/*; do
    read -r -a words < <(sed -n 's/^model //p' "$said")
    "$1" "${words[@]}" <"$said" || { echo "$said: the model is not the real one"; failed=1; }
done
exit $failed
