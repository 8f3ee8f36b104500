# run_refuses: in what cannot be recorded, out one sentence that names the mend and the exit code; it is not started.
set -u
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

# refused CODE WORDS... -- OPTIONS AND PROGRAM: it ends with CODE, says one line that holds all WORDS, and leaves no file behind.
refused() {
    local code=$1 words=() said got
    shift
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    shift
    ls -A >before
    said=$(PATH=${SEARCH:-$PATH} "$HT" run "$@" 2>&1 >out </dev/null)
    got=$?
    [ $got = "$code" ] || { echo "FAIL: exit $got instead of $code: run $* ($said)"; exit 1; }
    [ "$(printf '%s\n' "$said" | wc -l)" = 1 ] || { echo "FAIL: not one line: $said"; exit 1; }
    [ ! -s out ] || { echo "FAIL: something was run or printed: run $*"; exit 1; }
    for word in "${words[@]}"; do
        case $said in *"$word"*) ;; *) echo "FAIL: no '$word' in: $said"; exit 1 ;; esac
    done
    rm -f out
    ls -A >after
    [ "$(grep -vxF -f before after | grep -v '^after$\|^out$')" = "" ] || { echo "FAIL: files were left: $(cat after)"; exit 1; }
}

mkdir folder
echo 'hello' >text
printf 'echo hello\n' >plain && chmod +x plain
printf '#!/no/such/interpreter\n' >script && chmod +x script
printf '#!%s\n' "$work/loop" >loop && chmod +x loop
printf '\177ELF\2\1\1' >broken && chmod +x broken
cp /bin/true setuid && chown 65534 setuid 2>/dev/null && chmod 4755 setuid
: >old.htrc
mkfifo pipe
refused 2 "there is no program" PATH -- no-such-program-anywhere
refused 2 "No such file" -- ./no-such-file
refused 2 directory -- ./folder
refused 2 "not executable" chmod -- ./text
refused 2 "neither an ELF" "run -- sh" -- ./plain
refused 2 "/no/such/interpreter" -- ./script
refused 2 "without end" -- ./loop
refused 2 "neither an ELF" -- ./broken
refused 2 empty -- ''
if [ "$(stat -c %u setuid)" != "$(id -u)" ]; then refused 2 setuid owner -- ./setuid; fi
refused 2 "regular file" -- -o pipe true
refused 2 "regular file" -- -o - true
refused 2 "regular file" -- -o /dev/null true
refused 2 "old.htrc" -- -o old.htrc echo started
refused 3 "no/folder" -- -o no/folder/x.htrc echo started
refused 2 19 -- --level 99 true
# A runtime of another build would wait for what this one does not know of; what a file says of itself is behind its note's head.
python3 - "$BUILD/libheaptracer.so" <<'P' || exit 1
import sys
runtime = bytearray(open(sys.argv[1], "rb").read())
head = b"\x0b\0\0\0\x04\0\0\0\x01\0\0\0HeapTracer\0\0"
runtime[runtime.index(head) + len(head)] ^= 1
open("other.so", "wb").write(runtime)
P
HEAPTRACER_LIBRARY=$work/other.so refused 2 "other.so is of another build" -- --leaks true
HEAPTRACER_LIBRARY=$work/text refused 2 "not found" HEAPTRACER_LIBRARY -- true

# Another architecture: a real program with the machine in its header changed, to one that no runtime is for, and to one that is emulated.
machine() { cp /bin/true "$1" && printf "$2" | dd of="$1" bs=1 seek=18 conv=notrunc 2>/dev/null; }
machine foreign '\026'
refused 2 s390 "$(uname -m | tr _ -)" -- ./foreign
machine emulated '\267'
if [ -e "$BUILD/aarch64-gnu/libheaptracer.so" ]; then
    SEARCH=/no/such refused 2 aarch64 qemu-user -- ./emulated
    refused 2 loader QEMU_LD_PREFIX -- ./emulated
fi
if echo 'int main(void){return 0;}' | cc -static -x c - -o static 2>/dev/null; then refused 2 "statically linked" dynamically -- ./static; fi
if [ "$(id -u)" != 0 ]; then
    mkdir locked && chmod 555 locked
    refused 3 locked -- -o locked/x.htrc echo started
fi
echo ok
