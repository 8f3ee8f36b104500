#!/usr/bin/env bash
# findings: in programs that leak and err, out SARIF logs and JUnit reports that readers of both take, and the exit codes for gates.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
python=python3 # one that has junitparser, of Debian's package
$python -c 'import junitparser' 2>err || python=/usr/bin/python3
check() { $python "$SOURCE/tests/cli/check_findings.py" "$@" || fail "check $*"; }
files=(--sarif f.sarif --junit f.xml --source-root "$SOURCE")

# Leaks, of a run and of its trace: the same files, twice.
"$HT" run -q -f --leaks --fail-on leak "${files[@]}" -o a.htrc -- "$VICTIMS/reach_cases" "<&\">"; [ $? = 1 ] || fail "run --fail-on leak"
check f.sarif f.xml leak/direct=5 leak/indirect=6 >prints
[ "$(grep -c '"uri": "tests/programs/reach_cases.c"' f.sarif)" -gt 0 ] && ! grep -q "\"file://$SOURCE" f.sarif || fail "names from the root on"
grep -q 'name="direct: make (reach_cases.c:17) &#60;- make_cases (reach_cases.c:35) &#60;- main (reach_cases.c:74)" file="tests/programs/reach_cases.c" line="17"' f.xml ||
    fail "a test's name: $(grep testcase f.xml)"
[ -z "$(grep -o 'testcase [^>]* name="[^"]*"' f.xml | sort | uniq -d)" ] || fail "two tests of one name"
cp f.sarif first.sarif; cp f.xml first.xml
"$HT" leaks a.htrc "${files[@]}" >page || fail "leaks"
cmp -s f.sarif first.sarif && cmp -s f.xml first.xml || fail "the same trace gives other files"
"$HT" run -q -f --leaks "${files[@]}" -o b.htrc -- "$VICTIMS/reach_cases" || fail "its own status"
check f.sarif f.xml leak/direct=5 leak/indirect=6 >again
cmp -s prints again || fail "prints of another run"

# What is known is skipped; a program that fails keeps its status.
printf 'leak:make_circles\nleak:make_cases\nleak:nobody\n' >known
"$HT" run -q -f --leaks --fail-on leak --suppressions known "${files[@]}" -o a.htrc -- "$VICTIMS/reach_cases" || fail "all of it is known"
check f.sarif f.xml >/dev/null
grep -q '<skipped message="leak:make_circles">' f.xml || fail "skipped"
"$HT" leaks a.htrc --suppressions known --json | python3 -c '
import json, sys
rows = [t for t in json.load(sys.stdin)["tables"] if t["name"] == "suppressions"][0]["rows"]
assert [(r["line"], r["sites"] > 0, r["pattern"], r["file"]) for r in rows] == [(1, True, "leak:make_circles", "known"), (2, True, "leak:make_cases", "known"),
                                                                              (3, False, "leak:nobody", "known")], rows' || fail "the table of suppressions"
"$HT" run -q -f --leaks --fail-on leak -o a.htrc -- sh -c "'$VICTIMS/reach_cases'; exit 7"; [ $? = 7 ] || fail "the program's own status"

# Errors, with the stack that did it first.
guard() { "$HT" run -q -f --guard --guard-every 0 "${files[@]}" -o a.htrc "$@" >/dev/null 2>said; }
for kind in double_free:error/double-free wild_free_stack:error/wild-free interior_free:error/interior-free overflow_by_one:error/overflow underflow:error/underflow \
    write_after_free:error/use-after-free realloc_freed:error/freed-realloc huge_size:error/huge-size; do
    guard --fail-on error -- "$VICTIMS/guard_errors" "${kind%:*}"; [ $? = 1 ] || fail "$kind: status"
    check f.sarif f.xml "${kind#*:}=1" >/dev/null
    guard --fail-on error -- "$VICTIMS/guard_errors" "${kind%:*}" good || fail "$kind: the good variant"
    check f.sarif f.xml >/dev/null
done
guard -- "$VICTIMS/guard_errors" double_free
python3 -c '
import json
stacks = [s["message"]["text"] for s in json.load(open("f.sarif"))["runs"][0]["results"][0]["stacks"]]
assert stacks == ["done here", "allocated here", "freed here"], stacks' || fail "three stacks"

# Leaks and errors of one run: the guard's own list of blocks keeps none of them alive.
for guard in --guard --guard=full; do
    "$HT" run -q -f --leaks $guard "${files[@]}" -o a.htrc -- "$VICTIMS/reach_cases" 2>said || fail "--leaks $guard: $(cat said)"
    check f.sarif f.xml leak/direct=5 leak/indirect=6 >/dev/null
done

# Where nobody looked no test has passed.
"$HT" run -q -f --leaks --guard --fail-on leak "${files[@]}" -o a.htrc -- sh -c 'kill -9 $$' 2>said; [ $? = 137 ] && grep -q 'nothing is known of leaks' said || fail "killed: $(cat said)"
grep -q '"leak/' f.sarif && fail "a killed program has no leaks"
grep -q 'name="heaptracer.leak"' f.xml && fail "tests about leaks of a killed program"

# What cannot be is said before the program runs, and leaves no file.
refused() { local said=$1; shift; "$HT" run -f -o c.htrc "$@" -- touch ran 2>err; [ $? = 2 ] && [ ! -e ran ] && grep -q -- "$said" err || fail "$*: $(cat err)"; }
refused "need --leaks or --guard" --sarif f.sarif
refused "needs --leaks" --guard --fail-on leak
refused "needs --guard" --leaks --fail-on error
refused "needs --guard" --leaks --fail-on leak,error
refused "can fail on" --leaks --fail-on everything
refused "can fail on" --leaks --fail-on leak,
refused "need --leaks" --suppressions known
refused "name a file" --leaks --sarif -
refused "source-root" --leaks --sarif g.sarif --source-root nowhere
"$HT" run -f -o c.htrc --leaks --sarif no/such -- touch ran 2>err; [ $? = 3 ] && [ ! -e ran ] || fail "a folder that is not there"
"$HT" run -q -f -o c.htrc -- true
"$HT" leaks c.htrc --junit none.xml 2>err; [ $? = 2 ] && [ ! -e none.xml ] || fail "a report of nothing"
"$HT" leaks a.htrc --sarif a.htrc 2>err; [ $? = 2 ] && [ -s a.htrc ] || fail "the trace itself as the log"
exit 0
