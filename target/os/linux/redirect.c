/* redirect: each loaded file has slots, filled by the dynamic loader, through which it calls functions of other files and in which it keeps their addresses.
 * Those that lead to the real functions are made to lead to our hooks, one by one, by single stores: whichever a thread reads is right. What a slot was is
 * kept, and put back where it still leads to us. A slot that leads elsewhere, since another tool was there before us, is left alone.
 *
 * Pages that the loader made read-only are writable for a moment. Where they are not read-only yet, another thread is loading that file just now: it is passed
 * over, and found again when the program looks for a symbol in it. All this is done inside dl_iterate_phdr, so that no file goes away meanwhile. */
#include "redirect.h"

#include "os.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))

#ifdef __x86_64__
enum { CALLED = R_X86_64_JUMP_SLOT, FOUND = R_X86_64_GLOB_DAT, STORED = R_X86_64_64 };
#else
enum { CALLED = R_AARCH64_JUMP_SLOT, FOUND = R_AARCH64_GLOB_DAT, STORED = R_AARCH64_ABS64 };
#endif

enum turn { FREES, OURS = FREES, RESIZES, ALLOCS, TURNS };
enum { CHANGES_MOST = 1 << 16, HASHES = 256 };

struct way {
    const char *name;
    enum turn turn;
    uintptr_t hook, real; /* real 0: nobody has it */
};
static struct way ways[] = {
#define HT_REDIRECT(turn, name) {#name, turn, 0, 0},
#include "redirect.def"
#undef HT_REDIRECT
};
enum { WAYS = sizeof ways / sizeof *ways };
_Static_assert(WAYS < UINT8_MAX, "indexes are bytes");

struct change {
    uintptr_t *slot;
    uintptr_t old;
    const struct way *way;
};

static uint8_t by_name[HASHES], by_real[HASHES]; /* 1 + index of a way; open addressing */
static struct change *changes;
static uint32_t change_count, left_count, change_lock;
static bool is_on;
static unsigned long long adds_seen;
static __thread volatile bool inside __attribute__((tls_model("initial-exec")));
static void *(*real_dlopen)(const char *, int), *(*real_dlsym)(void *, const char *);

/* One loaded file, while it is looked at. */
struct file {
    const struct dl_phdr_info *info;
    uintptr_t start, end; /* of its code */
    uintptr_t sealed_from, sealed_to;
    enum { UNKNOWN, OPEN, PASSED_OVER } seal;
    const ElfW(Sym) *symbols;
    const char *names;
    const ElfW(Rela) *rows[2];
    size_t row_bytes[2];
};

static uint32_t hash_name(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash % HASHES;
}

static uint32_t hash_address(uintptr_t address)
{
    return (uint32_t)(address >> 4 ^ address >> 12) % HASHES;
}

static void enter(uint8_t *table, uint32_t hash, unsigned way)
{
    while (table[hash])
        hash = (hash + 1) % HASHES;
    table[hash] = (uint8_t)(way + 1);
}

static bool is_real(uintptr_t address)
{
    for (uint32_t hash = hash_address(address); by_real[hash]; hash = (hash + 1) % HASHES)
        if (ways[by_real[hash] - 1].real == address)
            return true;
    return false;
}

static const struct way *find_way(const char *name)
{
    for (uint32_t hash = hash_name(name); by_name[hash]; hash = (hash + 1) % HASHES)
        if (!strcmp(ways[by_name[hash] - 1].name, name))
            return &ways[by_name[hash] - 1];
    return NULL;
}

static bool is_loaded(const struct file *file, uintptr_t address)
{
    for (unsigned i = 0; i < file->info->dlpi_phnum; i++) {
        const ElfW(Phdr) *program = &file->info->dlpi_phdr[i];
        uintptr_t start = file->info->dlpi_addr + program->p_vaddr;
        if (program->p_type == PT_LOAD && address >= start && address - start + sizeof address <= program->p_memsz)
            return true;
    }
    return false;
}

/* The loader adds the bias in most files, but not in all. */
static uintptr_t pointer_of(const struct file *file, const ElfW(Dyn) *entry)
{
    return entry->d_un.d_ptr < file->info->dlpi_addr ? file->info->dlpi_addr + entry->d_un.d_ptr : entry->d_un.d_ptr;
}

static void read_dynamic(struct file *file, const ElfW(Dyn) *entry)
{
    for (; entry->d_tag != DT_NULL; entry++)
        switch (entry->d_tag) {
        case DT_SYMTAB: file->symbols = (const void *)pointer_of(file, entry); break;
        case DT_STRTAB: file->names = (const void *)pointer_of(file, entry); break;
        case DT_RELA: file->rows[0] = (const void *)pointer_of(file, entry); break;
        case DT_RELASZ: file->row_bytes[0] = entry->d_un.d_val; break;
        case DT_JMPREL: file->rows[1] = (const void *)pointer_of(file, entry); break;
        case DT_PLTRELSZ: file->row_bytes[1] = entry->d_un.d_val; break;
        }
}

static void read_file(struct file *file, const struct dl_phdr_info *info)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    *file = (struct file){.info = info, .start = UINTPTR_MAX};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *program = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + program->p_vaddr, end = start + program->p_memsz;
        if (program->p_type == PT_DYNAMIC)
            read_dynamic(file, (const void *)start);
        if (program->p_type == PT_GNU_RELRO) {
            file->sealed_from = start & ~(page - 1);
            file->sealed_to = end & ~(page - 1);
        }
        if (program->p_type == PT_LOAD && program->p_flags & PF_X) {
            file->start = start < file->start ? start : file->start;
            file->end = end > file->end ? end : file->end;
        }
    }
}

static bool is_sealed(const struct file *file, const uintptr_t *slot)
{
    return (uintptr_t)slot >= file->sealed_from && (uintptr_t)slot < file->sealed_to;
}

/* True: the slot can be written to. */
static bool open_slot(struct file *file, const uintptr_t *slot)
{
    if (!is_sealed(file, slot))
        return true;
    if (file->seal == UNKNOWN) {
        bool is_ready = !ht__modules_can_write(file->sealed_from);
        file->seal = is_ready && !mprotect((void *)file->sealed_from, file->sealed_to - file->sealed_from, PROT_READ | PROT_WRITE) ? OPEN : PASSED_OVER;
    }
    return file->seal == OPEN;
}

static void close_file(const struct file *file)
{
    if (file->seal == OPEN)
        mprotect((void *)file->sealed_from, file->sealed_to - file->sealed_from, PROT_READ);
}

static void change(struct file *file, uintptr_t *slot, const struct way *way)
{
    if (change_count == CHANGES_MOST || !open_slot(file, slot)) {
        left_count++;
        return;
    }
    changes[change_count] = (struct change){slot, *slot, way};
    change_count++;
    __atomic_store_n(slot, way->hook, __ATOMIC_RELEASE);
}

/* What a slot holds that the loader fills at the first call leads back into its own file. */
static void look_at_row(struct file *file, const ElfW(Rela) *row, enum turn turn)
{
    unsigned type = (unsigned)ELF64_R_TYPE(row->r_info);
    if ((type != CALLED && type != FOUND && type != STORED) || !ELF64_R_SYM(row->r_info) || (row->r_addend && type == STORED))
        return;
    uintptr_t *slot = (uintptr_t *)(file->info->dlpi_addr + row->r_offset);
    uintptr_t value = __atomic_load_n(slot, __ATOMIC_RELAXED);
    bool is_unbound = type == CALLED && value >= file->start && value < file->end;
    if (!is_unbound && !is_real(value))
        return;
    const struct way *way = find_way(file->names + file->symbols[ELF64_R_SYM(row->r_info)].st_name);
    if (way && way->real && way->turn == turn && (is_unbound || value == way->real))
        change(file, slot, way);
}

static bool holds_us(const struct file *file)
{
    return (uintptr_t)holds_us >= file->start && (uintptr_t)holds_us < file->end;
}

static void lock_changes(void)
{
    while (__atomic_exchange_n(&change_lock, 1, __ATOMIC_ACQUIRE))
        syscall(SYS_sched_yield);
}

static void unlock_changes(void)
{
    __atomic_store_n(&change_lock, 0, __ATOMIC_RELEASE);
}

static int see_loaded(struct dl_phdr_info *info, size_t bytes, void *context)
{
    struct file file;
    (void)bytes;
    read_file(&file, info);
    if (holds_us(&file) || !file.symbols || !file.names)
        return 0;
    lock_changes();
    for (int i = 0; i < 2 && is_on; i++)
        for (size_t at = 0; file.rows[i] && at + sizeof(ElfW(Rela)) <= file.row_bytes[i]; at += sizeof(ElfW(Rela)))
            look_at_row(&file, (const void *)((const char *)file.rows[i] + at), *(const enum turn *)context);
    close_file(&file);
    unlock_changes();
    return 0;
}

static int see_adds(struct dl_phdr_info *info, size_t bytes, void *adds)
{
    *(unsigned long long *)adds = bytes > offsetof(struct dl_phdr_info, dlpi_adds) ? info->dlpi_adds : 0;
    return 1;
}

static void redirect_all(void)
{
    for (enum turn turn = FREES; turn < TURNS; turn++)
        dl_iterate_phdr(see_loaded, &turn);
}

/* Files that were loaded since the last look; those passed over are looked at once more. */
static void redirect_more(void)
{
    int saved = errno;
    unsigned long long adds = 0;
    uint64_t signals = ht__signals_block();
    inside = true;
    dl_iterate_phdr(see_adds, &adds);
    if (is_on && __atomic_exchange_n(&adds_seen, adds, __ATOMIC_RELAXED) != adds)
        redirect_all();
    inside = false;
    ht__signals_restore(signals);
    errno = saved;
}

/* Both look at their return address, so they are jumped to where that may matter. */
#ifdef __clang__
#define JUMPS
#else
#define JUMPS __attribute__((optimize("O2")))
#endif

/* A name without a folder is looked for where the caller's own file tells. */
JUMPS static void *dlopen_hook(const char *name, int mode)
{
    if (name && (!strchr(name, '/') || strchr(name, '$')))
        return real_dlopen(name, mode);
    void *handle = real_dlopen(name, mode);
    redirect_more();
    return handle;
}

JUMPS static void *dlsym_hook(void *handle, const char *name)
{
    redirect_more();
    return real_dlsym(handle, name);
}

static uintptr_t find_hook(void *handle, const char *name)
{
    if (!strcmp(name, "dlopen"))
        return (uintptr_t)dlopen_hook;
    if (!strcmp(name, "dlsym"))
        return (uintptr_t)dlsym_hook;
    return (uintptr_t)dlsym(handle, name);
}

static void find_ways(void *handle)
{
    for (unsigned i = 0; i < WAYS; i++) {
        ways[i].hook = find_hook(handle, ways[i].name);
        ways[i].real = ways[i].hook ? (uintptr_t)ht__real_find(ways[i].name) : 0;
        enter(by_name, hash_name(ways[i].name), i);
        if (ways[i].real)
            enter(by_real, hash_address(ways[i].real), i);
    }
    real_dlopen = (void *(*)(const char *, int))find_way("dlopen")->real;
    real_dlsym = (void *(*)(void *, const char *))find_way("dlsym")->real;
}

bool ht__redirect_begin(void *handle, struct redirect_count *count)
{
    if (!changes) {
        void *room = ht__pages_get(CHANGES_MOST * sizeof *changes, MAP_NORESERVE);
        if (room == MAP_FAILED)
            return false;
        find_ways(handle);
        changes = room;
    }
    inside = true;
    left_count = 0;
    is_on = true;
    dl_iterate_phdr(see_adds, &adds_seen);
    redirect_all();
    *count = (struct redirect_count){change_count, left_count};
    inside = false;
    return true;
}

struct going_back {
    enum turn turn;
    uint32_t left;
};

/* Those that the program changed since are its own. The newest first: a file may lie where another lay. */
static int see_going_back(struct dl_phdr_info *info, size_t bytes, void *context)
{
    struct going_back *back = context;
    struct file file;
    (void)bytes;
    read_file(&file, info);
    lock_changes();
    for (uint32_t i = change_count; i > 0; i--) {
        const struct change *at = &changes[i - 1];
        if (at->way->turn != back->turn || !is_loaded(&file, (uintptr_t)at->slot) || *at->slot != at->way->hook)
            continue;
        if (open_slot(&file, at->slot))
            __atomic_store_n(at->slot, at->old, __ATOMIC_RELEASE);
        else
            back->left++;
    }
    close_file(&file);
    unlock_changes();
    return 0;
}

void ht__redirect_end(struct redirect_count *count)
{
    struct going_back back = {0};
    inside = true;
    lock_changes();
    is_on = false;
    unlock_changes();
    for (int turn = TURNS - 1; turn >= 0; turn--) {
        back.turn = (enum turn)turn;
        dl_iterate_phdr(see_going_back, &back);
    }
    *count = (struct redirect_count){change_count, back.left};
    change_count = 0;
    inside = false;
}

bool ht__redirect_is_inside(void)
{
    return inside;
}

void ht__redirect_after_fork(void)
{
    unlock_changes();
}

#else

bool ht__redirect_begin(void *handle, struct redirect_count *count)
{
    (void)handle, (void)count;
    return false;
}

void ht__redirect_end(struct redirect_count *count)
{
    (void)count;
}

bool ht__redirect_is_inside(void)
{
    return false;
}

void ht__redirect_after_fork(void)
{
}

#endif
