#!/usr/bin/env bash
# config: settings hold for options, the command line and variables hold more; each kind of mistake is told with its place; strangers' files are refused.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work/xdg HOME=$work
mkdir -p xdg/heaptracer
fail() { echo "config: $*"; failed=1; }
row() { "$HT" config --csv | tr -d '\r' | grep "^$1," | cut -d, -f2,3; }
says() { # text of the file, beginning of the answer
    printf '%s\n' "$1" >.heaptracer.toml
    out=$("$HT" config 2>&1); status=$?
    [ $status = 2 ] && [ "$(wc -l <<<"$out")" = 1 ] && [[ $out == "heaptracer: .heaptracer.toml:$2"* ]] || fail "of '$1': $status $out"
}

# Who holds against whom.
[ "$(row record.sample)" = "every event,built in" ] || fail "built in: $(row record.sample)"
printf '[record]\nsample = "64K"\ndepth = 3\n[symbols]\ndebug_path = ["x", "y"]\n' >xdg/heaptracer/config.toml
printf '[record]\nsample = "128K"\n' >.heaptracer.toml
[ "$(row record.sample)" = "128K,.heaptracer.toml:2" ] || fail "the folder's: $(row record.sample)"
[ "$(row record.depth)" = "3,$work/xdg/heaptracer/config.toml:3" ] || fail "the user's: $(row record.depth)"
[ "$("$HT" config symbols.debug_path)" = x,y ] || fail "a list: $("$HT" config symbols.debug_path)"
[ "$(HEAPTRACER_SAMPLE=1M row record.sample)" = '1M,$HEAPTRACER_SAMPLE' ] || fail "the variable's: $(HEAPTRACER_SAMPLE=1M row record.sample)"
[ "$(HEAPTRACER_CONFIG=none row record.depth)" = "all,built in" ] || fail "none: $(HEAPTRACER_CONFIG=none row record.depth)"
printf '[record]\nsample = "16K"\n' >heaptracer.toml
[ "$(row record.sample)" = "16K,heaptracer.toml:2" ] || fail "two in the folder: $(row record.sample)"
rm heaptracer.toml

# A recording goes by them, and its command line goes before.
"$HT" run -q -o a.htrc -- "$VICTIMS/live_grow" 0.1 >out || fail "run: $?"
"$HT" info a.htrc | grep -q '128.0 KiB' || fail "run does not sample: $("$HT" info a.htrc)"
"$HT" run -q -o b.htrc --sample 32K -- "$VICTIMS/live_grow" 0.1 >out || fail "run: $?"
"$HT" info b.htrc | grep -q '32.0 KiB' || fail "the command line does not hold: $("$HT" info b.htrc)"

# The example is a file without effect; with its lines taken out, each key is known.
"$HT" config --example >example.toml
HEAPTRACER_CONFIG=example.toml "$HT" config >out || fail "the example: $?"
python3 - <<'END' || fail "the example leaves out settings"
import re, subprocess, os
keys = [line.split(",")[0] for line in subprocess.run([os.environ["HT"], "config", "--csv"], capture_output=True, text=True, check=True).stdout.split("\n")[1:] if line]
section, found = "", []
for line in open("example.toml"):
    if line.startswith("["):
        section = line.strip()[1:-1]
    elif re.match(r"#\w+ = ", line):
        found.append(section + "." + line[1:].split(" ")[0])
assert found and sorted(found) == sorted(keys), (found, keys)
END

# Mistakes.
says '[record]
sampel = "64K"' "2: there is no setting 'record.sampel'; did you mean 'record.sample'?"
says '[record]
sample = "5x"' "2: record.sample: '5x' is not a size"
says '[record]
depth = [1, 2]' "2: record.depth takes one value, not a list"
says '[record]
leaks = 1' "2: record.leaks: '1' is neither true nor false"
says '[record]
depth = true' "2: record.depth: 'true' is no value for it"
says 'x = 2020-01-01' "1: x is a date"
says '[record' "1:8: "
says "a = $(printf '[%.0s' $(seq 400))" "1:"
says 'a = "\u0000"' "1:"
printf '[record]\nsample = "64K"\n' >.heaptracer.toml
chmod o+w .heaptracer.toml
"$HT" config 2>err && fail "a file that everybody can write was read"
grep -q 'chmod o-w' err || fail "without the mend: $(cat err)"
rm .heaptracer.toml; mkdir .heaptracer.toml
"$HT" config 2>err; [ $? = 3 ] || fail "a folder: $(cat err)"
rmdir .heaptracer.toml
"$HT" config no.such 2>err; [ $? = 2 ] && grep -q "heaptracer config' lists" err || fail "a key: $(cat err)"
exit $failed
