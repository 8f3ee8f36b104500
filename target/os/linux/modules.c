/* modules: in a code address, out the loaded file that it belongs to, and its announcement to the collector.
 *
 * The list is made from /proc/self/maps when an address is not in it: no lock of the loader is taken, so it works inside dlopen, in signal handlers
 * and with any C library. What is mapped there but no file (code made at run time) is remembered too, so that it is not looked for twice. Where
 * there is no /proc or no descriptor left, glibc's lock-free search answers. */
#include "os.h"

#include "target/process/producer.h"
#include "target/process/module.h"
#include "target/process/port_process.h"
#include "target/unwind/rule.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MODULES = 2048, BUILD_ID_BYTES = 20 };

static struct ht_module modules[MODULES];
static uint32_t module_count;   /* grows only; entries below it are whole */
static uint32_t modules_lock;
uint64_t ht__code_generation, ht__maps_generation;

static const struct ht_module *find_known(uint64_t pc)
{
    for (uint32_t i = __atomic_load_n(&module_count, __ATOMIC_ACQUIRE); i > 0; i--)
        if (pc >= modules[i - 1].start && pc < modules[i - 1].end)
            return &modules[i - 1];
    return NULL;
}

/* The mappings of one file that lie in a row; `first` is where its ELF header is. */
struct search {
    uint64_t pc;
    uint64_t first, end;  /* of the row that is being seen */
    char path[512];
    bool hit, readable; /* readable: the first mapping of the row */
};

static void begin_row(struct search *search, const struct ht_mapping *mapping)
{
    search->first = mapping->start;
    search->readable = mapping->readable;
    strcpy(search->path, mapping->path);
}

/* A file's mappings may have anonymous memory among them (.bss in the middle, as optimizers of finished binaries leave it): it breaks no row. */
static bool see_mapping(const struct ht_mapping *mapping, void *context)
{
    struct search *search = context;
    bool inside = search->pc >= mapping->start && search->pc < mapping->end;
    if (!mapping->path[0] && !inside)
        return true;
    bool in_row = mapping->path[0] && mapping->offset && search->first && !strcmp(mapping->path, search->path);
    if (!in_row && search->hit)
        return false;
    if (!in_row)
        begin_row(search, mapping);
    search->end = mapping->end;
    search->hit |= inside;
    return true;
}

struct elf_facts {
    const uint8_t *build_id;
    uint32_t build_id_bytes;
};

static void read_notes(const char *at, size_t bytes, struct elf_facts *facts)
{
    while (bytes >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        size_t name = (note->n_namesz + 3u) & ~3u, description = (note->n_descsz + 3u) & ~3u;
        if (sizeof *note + name + description > bytes)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !memcmp(note + 1, "GNU", 4)) {
            facts->build_id = (const uint8_t *)(note + 1) + name;
            facts->build_id_bytes = note->n_descsz < BUILD_ID_BYTES ? note->n_descsz : BUILD_ID_BYTES;
            return;
        }
        at += sizeof *note + name + description;
        bytes -= sizeof *note + name + description;
    }
}

/* The ELF header is mapped at module->start: reads what the program headers tell. */
static bool read_elf(struct ht_module *module, struct elf_facts *facts)
{
    const ElfW(Ehdr) *header = (const void *)(uintptr_t)module->start;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    uint64_t room = module->end - module->start;
    if (header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > room)
        return false;
    const ElfW(Phdr) *program = (const void *)(uintptr_t)(module->start + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (program[i].p_type == PT_LOAD && !program[i].p_offset)
            module->bias = module->start - program[i].p_vaddr;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        uint64_t address = module->bias + program[i].p_vaddr;
        if (address < module->start || address + program[i].p_memsz > module->end)
            continue;
        if (program[i].p_type == PT_GNU_EH_FRAME)
            module->eh_frame_hdr = address;
#if defined(__arm__)
        else if (program[i].p_type == PT_ARM_EXIDX) {
            module->exidx = address;
            module->exidx_bytes = program[i].p_memsz;
        }
#endif
        else if (program[i].p_type == PT_NOTE && !facts->build_id)
            read_notes((const char *)(uintptr_t)address, program[i].p_memsz, facts);
    }
    return true;
}

static bool announce(const struct ht_module *module, const struct elf_facts *facts, const char *path)
{
    struct {
        struct ht_more_module head;
        uint8_t build_id[BUILD_ID_BYTES];
    } more = {.head = {module->start, module->end, module->bias, facts->build_id_bytes, (uint32_t)strlen(path)}};
    memcpy(more.build_id, facts->build_id, facts->build_id_bytes);
    return ht__lane_put_more(ht__thread_now(), HT_MORE_MODULE, &more, sizeof more.head + facts->build_id_bytes, path, strlen(path));
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE
extern int _dl_find_object(void *, struct dl_find_object *) __attribute__((weak));

/* What glibc (since 2.35) knows, without a lock; its name for the program itself is empty. */
static bool search_loader(struct search *search)
{
    struct dl_find_object found;
    if (!_dl_find_object || _dl_find_object((void *)(uintptr_t)search->pc, &found))
        return false;
    const char *name = found.dlfo_link_map->l_name;
    if (!*name)
        name = ht__session->processes[ht__process_serial - 1].name;
    memcpy(search->path, name, strnlen(name, sizeof search->path - 1));
    search->first = (uint64_t)(uintptr_t)found.dlfo_map_start;
    search->end = (uint64_t)(uintptr_t)found.dlfo_map_end;
    return search->hit = search->readable = true;
}
#else
static bool search_loader(struct search *search)
{
    (void)search;
    return false;
}
#endif

static const struct ht_module *add_module(uint64_t pc)
{
    static struct search search;
    search = (struct search){.pc = pc};
    if ((!ht__maps_each(see_mapping, &search) && !search_loader(&search)) || !search.hit || module_count == MODULES)
        return NULL;
    struct ht_module *module = &modules[module_count];
    struct elf_facts facts = {0};
    *module = (struct ht_module){.start = search.first, .end = search.end, .bias = search.first, .loader = search.first == getauxval(AT_BASE), .readable = search.readable};
    bool is_file = search.path[0] == '/' || !strcmp(search.path, "[vdso]");
    if (is_file && search.readable && read_elf(module, &facts))
        if (!announce(module, &facts, search.path))
            return NULL;
    __atomic_store_n(&module_count, module_count + 1, __ATOMIC_RELEASE);
    return module;
}

/* With signals blocked: what it takes and may not be left halfway by a handler that jumps. */
static uint64_t lock_modules(void)
{
    uint64_t signals = ht__signals_block();
    while (__atomic_exchange_n(&modules_lock, 1, __ATOMIC_ACQUIRE))
        syscall(SYS_sched_yield);
    return signals;
}

static void unlock_modules(uint64_t signals)
{
    __atomic_store_n(&modules_lock, 0, __ATOMIC_RELEASE);
    ht__signals_restore(signals);
}

bool ht__module_find(uint64_t pc, struct ht_module *module)
{
    uint64_t generation = __atomic_load_n(&ht__code_generation, __ATOMIC_ACQUIRE);
    const struct ht_module *found = find_known(pc);
    if (found)
        *module = *found;
    if (found && generation == __atomic_load_n(&ht__code_generation, __ATOMIC_ACQUIRE))
        return true;
    uint64_t signals = lock_modules();
    found = find_known(pc);
    if (!found)
        found = add_module(pc);
    if (found)
        *module = *found;
    unlock_modules(signals);
    return found;
}

struct write_search {
    uint64_t address;
    bool can;
};

static bool see_writable(const struct ht_mapping *mapping, void *context)
{
    struct write_search *search = context;
    if (search->address >= mapping->end)
        return true;
    search->can = search->address >= mapping->start && mapping->writable;
    return false;
}

bool ht__modules_can_write(uint64_t address)
{
    struct write_search search = {address, false};
    uint64_t signals = lock_modules();
    ht__maps_each(see_writable, &search);
    unlock_modules(signals);
    return search.can;
}

static void count_code_change(void)
{
    __atomic_add_fetch(&ht__code_generation, 1, __ATOMIC_RELEASE);
    __atomic_add_fetch(&ht__maps_generation, 1, __ATOMIC_RELEASE);
}

void ht__modules_forget(void)
{
    uint64_t signals = lock_modules();
    count_code_change();
    __atomic_store_n(&module_count, 0, __ATOMIC_RELEASE);
    ht__rules_forget();
    count_code_change();
    unlock_modules(signals);
}

void ht__modules_forget_range(uint64_t start, uint64_t end)
{
    for (uint32_t i = __atomic_load_n(&module_count, __ATOMIC_ACQUIRE); i > 0; i--)
        if (modules[i - 1].start < end && start < modules[i - 1].end) {
            ht__modules_forget();
            return;
        }
}

static int see_unloaded(struct dl_phdr_info *info, size_t bytes, void *count)
{
    if (bytes > offsetof(struct dl_phdr_info, dlpi_subs))
        *(uint64_t *)count = info->dlpi_subs;
    return 1;
}

uint64_t ht__modules_unloaded(void)
{
    uint64_t count = 0;
    dl_iterate_phdr(see_unloaded, &count);
    return count;
}

void ht__modules_after_fork(void)
{
    __atomic_store_n(&modules_lock, 0, __ATOMIC_RELEASE);
}
