# run_says: in short runs, out the two lines at their end; -q, -o and -f.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
said=$("$HT" run -- ls / 2>&1 >/dev/null) || fail "exit status"
file=$(ls ls.*.htrc) || fail "no trace file"
[ "$(echo "$said" | wc -l)" = 2 ] || fail "not two lines: $said"
case $said in "heaptracer: $file  "*" events, 1 process, "*"peak "*" never freed, our cost "*"next: heaptracer analyze $file") ;; *) fail "$said" ;; esac
[ -z "$("$HT" run -q -o a.htrc -- ls / 2>&1 >/dev/null)" ] || fail "-q"
[ -s a.htrc ] || fail "-o"
before=$(stat -c %i%Y%s a.htrc)
"$HT" run -q -o a.htrc -- true 2>/dev/null; [ $? = 2 ] || fail "an existing file is not refused"
[ "$before" = "$(stat -c %i%Y%s a.htrc)" ] || fail "an existing file was touched"
"$HT" run -q -f -o a.htrc -- true || fail "-f"
echo ok
