#!/usr/bin/env bash
# rt_symbols: the runtime shows the hooks and the ht_ calls of heaptracer.h, and nothing else; it needs nothing but libc; its thread-local storage is small.
set -u
library=$BUILD/libheaptracer.so
failed=0
shown=$(nm -D --defined-only "$library" | awk '{print $3}' | sort)
allowed='malloc|free|calloc|realloc|reallocarray|memalign|aligned_alloc|posix_memalign|valloc|pvalloc|cfree|free_sized|free_aligned_sized|malloc_usable_size|_Z(nw|na|dl|da)P?[a-zA-Z0-9_]*'
allowed+='|mmap|mmap64|munmap|mremap|brk|sbrk|dlclose|fork|vfork|prctl|pthread_setname_np|pthread_create|sigaction|signal|exec(ve|v|vpe|vp|l|lp|le|veat)|fexecve|posix_spawnp?|_exit|_Exit|quick_exit|abort|__assert_fail|ht_[a-z_]+'
other=$(grep -vxE "$allowed" <<<"$shown")
[ -z "$other" ] || { echo "FAIL: shown without need: $other"; failed=1; }
grep -q '^ht__' <<<"$shown" && { echo "FAIL: internal names are shown: $(grep '^ht__' <<<"$shown")"; failed=1; }
for name in malloc free realloc _Znwm _ZdlPv execve posix_spawn mmap ht_mark ht_on_alloc; do
    grep -qx "$name" <<<"$shown" || { echo "FAIL: $name is missing"; failed=1; }
done
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | grep -vE '^(libc\.so|ld-linux|ld-musl)')
[ -z "$needed" ] || { echo "FAIL: needs $needed"; failed=1; }
readelf -d "$library" | grep -q NODELETE || { echo "FAIL: could be unloaded"; failed=1; }
storage=$(($(readelf -lW "$library" | awk '$1 == "TLS" {print $6}')))
[ "$storage" -gt 0 ] && [ "$storage" -le 128 ] || { echo "FAIL: $storage bytes of static thread-local storage"; failed=1; }
exit $failed
