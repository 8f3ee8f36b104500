#!/usr/bin/env bash
# traces: in the command and the comparer, out whether glibc's model gives every address that programs of this machine got when they were recorded.
set -u
ht=$1 compare=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
seq 1 8000 | awk '{print $1 * 7919 % 8009, "line", $1}' >lines
{ echo '['; awk '{print "{\"id\":" $1 ",\"name\":\"" $2 $3 "\",\"values\":[" $1 "," $3 ",0.5]},"}' lines; echo '0]'; } >big.json
printf '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { printf("%%d\\n", abs(-1)); return 0; }\n' >small.c
{ echo '<all>'; awk '{print "<one id=\"" $1 "\">" $2 "</one>"}' lines; echo '</all>'; } >big.xml
unset GLIBC_TUNABLES
failed=0 programs=0

# NAME PROGRAM [ARG...]
one() {
    local name=$1 said
    shift
    [ -x "$(command -v "$1")" ] || return
    "$ht" run -q -f -o "$name.htrc" --no-follow -- "$@" </dev/null >/dev/null 2>&1
    if said=$("$compare" "$name.htrc"); then programs=$((programs + 1)); else failed=1; fi
    printf '%-8s %s\n' "$name" "$said"
    rm -f "$name.htrc"
}
one sqlite3 sqlite3 :memory: "create table t(a integer primary key, b text); with recursive c(x) as (select 1 union all select x + 1 from c where x < 5000)
    insert into t select x, hex(randomblob(x % 50)) from c; create index i on t(b); delete from t where a % 3 = 0; select sum(length(b)), max(b) from t;"
one python3 /usr/bin/python3 -c 'import json; print(len(json.dumps(json.load(open("big.json")))))'
PYTHONMALLOC=malloc one python3m /usr/bin/python3 -c 'import json; print(len(json.dumps(json.load(open("big.json")))))'
one perl perl -e 'my %h; $h{"k" . ($_ * 7919 % 9001)} .= "x" x ($_ % 40) for 1 .. 9000; print join(",", sort { $h{$a} cmp $h{$b} } keys %h);'
one jq jq 'map(.name? | length) | add' big.json
one cc1 "$(gcc -print-prog-name=cc1)" -quiet -O2 small.c -o small.s
git init -q . && git add . && git -c user.name=a -c user.email=a@example.org commit -q -m all
one git git --no-pager log -p
one xz xz -T1 -k -c lines
one sort sort --parallel=1 -n lines
one awk awk '{a[$2 $1] = $0} END {for (i in a) n++; print n}' lines
one xmllint xmllint --noout big.xml
one sed sed -e 's/line/LINE/g' lines
one bash bash -c 'for i in {1..2000}; do a[$i]=x$i; done; echo ${#a[@]}'
one tar tar cf all.tar lines big.json
echo "$programs programs have all their addresses from the model"
[ $failed = 0 ] && [ $programs -ge 10 ]
