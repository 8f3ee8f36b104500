# run_says: in short runs, out the two lines at their end; -q, -o and -f.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
said=$("$HT" run -- ls / 2>&1 >/dev/null) || fail "exit status"
file=$(ls ls.*.htrc) || fail "no trace file"
[ "$(echo "$said" | wc -l)" = 2 ] || fail "not two lines: $said"
case $said in "heaptracer: $file  "*" events, 1 process, "*"peak "*" never freed"*"next: heaptracer analyze $file") ;; *) fail "$said" ;; esac
[ -z "$("$HT" run -q -o a.htrc -- ls / 2>&1 >/dev/null)" ] || fail "-q"
[ -s a.htrc ] || fail "-o"
before=$(stat -c %i%Y%s a.htrc)
"$HT" run -q -o a.htrc -- true 2>/dev/null; [ $? = 2 ] || fail "an existing file is not refused"
[ "$before" = "$(stat -c %i%Y%s a.htrc)" ] || fail "an existing file was touched"
"$HT" run -q -f -o a.htrc -- true || fail "-f"

# A program with its own malloc: exported, as the linker does when libc has one too, and hidden.
cat >own.c <<'END'
#include <stddef.h>
#include <stdio.h>
static char room[1 << 20];
static size_t used;
void *malloc(size_t size) { return room + ((used += (size + 31) & ~15ul) - ((size + 31) & ~15ul)); }
void free(void *block) { (void)block; }
int main(void) { return malloc(100) == NULL || printf("x\n") < 0; }
END
echo '{ local: malloc; free; };' >map
cc -O1 -fno-builtin own.c -o exported && cc -O1 -fno-builtin own.c -Wl,--version-script=map -o hidden || fail "cc"
said=$("$HT" run -q -f -o a.htrc -- ./exported 2>&1 >/dev/null) || fail "own malloc: exit status"
case $said in *"./exported defines malloc itself"*ht_on_alloc*) ;; *) fail "own malloc: $said" ;; esac
said=$("$HT" run -q -f -o a.htrc -- ./hidden 2>&1 >/dev/null) || fail "hidden malloc: exit status"
case $said in *"./hidden has a malloc of its own inside"*) ;; *) fail "hidden malloc: $said" ;; esac
echo ok
