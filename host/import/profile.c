/* profile: in the entries of a heap profile and a memory map, out blocks that make the same sums. A sample stays a sample: it becomes an event of a sampled trace,
 * whose weight (1 / (1 - exp(-size / distance))) is the one that jeprof and pprof use. */
#include "profile.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/arena.h"

static const uint64_t amount_most = UINT64_C(1) << 56, distance_most = UINT64_C(1) << 40;

bool profile_take_stack(struct profile *profile, const char *text, struct profile_entry *entry)
{
    char *end;
    entry->first = (uint32_t)profile->addresses.count;
    entry->depth = 0;
    for (text += strspn(text, " "); *text; text = end + strspn(end, " ")) {
        uint64_t address = strtoull(text, &end, 16);
        if (end == text || (*end && *end != ' '))
            return lines_wrong(profile->import->lines, profile->error, "no address in a stack");
        if (entry->depth == PROFILE_DEPTH_MOST || profile->addresses.count >= PROFILE_ADDRESSES_MOST)
            return lines_wrong(profile->import->lines, profile->error, "too many addresses");
        vec_push(&profile->addresses, address);
        entry->depth++;
    }
    return true;
}

static bool number_take(const char **text, char stop, uint64_t *number)
{
    char *end;
    const char *from = *text + strspn(*text, " \t");
    *number = strtoull(from, &end, 10);
    bool is_good = end != from && *from != '-' && *number <= amount_most && *end == stop;
    *text = end + (*end == stop && stop);
    return is_good;
}

bool profile_take_amounts(const char **text, struct profile_amount *live, struct profile_amount *all)
{
    if (!number_take(text, ':', &live->count))
        return false;
    *text += strspn(*text, " ");
    char *end;
    live->bytes = strtoull(*text, &end, 10);
    if (end == *text || **text == '-' || live->bytes > amount_most)
        return false;
    *text = end + strspn(end, " ");
    if (**text != '[')
        return false;
    ++*text;
    return number_take(text, ':', &all->count) && number_take(text, ']', &all->bytes);
}

bool profile_take_distance(struct profile *profile, const char *text)
{
    profile->sample_bytes = strtoull(text, NULL, 10);
    return (*text != '-' && profile->sample_bytes && profile->sample_bytes <= distance_most) ||
           lines_wrong(profile->import->lines, profile->error, "no sampling distance behind heap_v2/ (1 byte to 1 TiB)");
}

bool profile_add(struct profile *profile, const struct profile_entry *entry)
{
    struct profile_entry kept = *entry;
    if (profile->entries.count >= PROFILE_ENTRIES_MOST)
        return lines_wrong(profile->import->lines, profile->error, "too many stacks");
    if (!kept.live.count && kept.live.bytes)
        return lines_wrong(profile->import->lines, profile->error, "bytes of no block");
    if (kept.all.count < kept.live.count || kept.all.bytes < kept.live.bytes)
        kept.all = kept.live;
    if (kept.all.count == kept.live.count)
        kept.all.bytes = kept.live.bytes;
    vec_push(&profile->entries, kept);
    return true;
}

bool profile_take_map(struct profile *profile, const char *line)
{
    unsigned long long start, end, offset;
    char rights[8], path[1024];
    if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %1023[^\n]", &start, &end, rights, &offset, path) != 5 || !strchr(rights, 'x') || path[0] != '/')
        return true;
    if (profile->maps.count >= BUILDER_MODULES_MOST)
        return lines_wrong(profile->import->lines, profile->error, "too many mapped files");
    if (start < end)
        vec_push(&profile->maps, ((struct profile_map){start, end, offset, arena_copy_text(profile->texts, path, strlen(path))}));
    return true;
}

/* ---- modules ---- */

/* What its ELF file says about the part at `offset`: how far the address in the file is from the offset. 0 where there is no such file here. */
static uint64_t elf_distance(const char *path, uint64_t offset)
{
    struct stat stat_of;
    uint64_t distance = 0;
    size_t count;
    if (stat(path, &stat_of) || !S_ISREG(stat_of.st_mode) || elf_version(EV_CURRENT) == EV_NONE)
        return 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf = file < 0 ? NULL : elf_begin(file, ELF_C_READ, NULL);
    for (size_t i = 0; elf && !elf_getphdrnum(elf, &count) && i < count; i++) {
        GElf_Phdr part;
        if (gelf_getphdr(elf, (int)i, &part) && part.p_type == PT_LOAD && offset >= (part.p_offset & ~UINT64_C(4095)) && offset < part.p_offset + part.p_filesz)
            distance = part.p_vaddr - part.p_offset;
    }
    if (elf)
        elf_end(elf);
    if (file >= 0)
        close(file);
    return distance;
}

static uint32_t map_module(struct profile *profile, const struct profile_map *map)
{
    return builder_module(&profile->import->builder, map->path, map->start, map->end, map->start - map->offset - elf_distance(map->path, map->offset));
}

static int compare_maps(const void *a, const void *b)
{
    uint64_t left = ((const struct profile_map *)a)->start, right = ((const struct profile_map *)b)->start;
    return left < right ? -1 : left > right;
}

static const struct profile_map *map_find(const struct profile *profile, uint64_t address)
{
    size_t low = 0, high = profile->maps.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (profile->maps.at[middle].start > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low && address < profile->maps.at[low - 1].end ? profile->maps.at + low - 1 : NULL;
}

/* ---- blocks ---- */

struct modules {
    VEC(uint32_t) ids;      /* of maps */
    VEC(uint64_t) biases;
};

static uint32_t entry_stack(struct profile *profile, const struct profile_entry *entry, const struct modules *modules)
{
    uint32_t stack = 0;
    for (uint32_t i = entry->depth; i-- > 0;) {
        struct builder_place place = {.offset = profile->addresses.at[entry->first + i]};
        const struct profile_map *map = map_find(profile, place.offset);
        if (map) {
            place.module = modules->ids.at[map - profile->maps.at];
            place.offset -= modules->biases.at[map - profile->maps.at];
        }
        stack = builder_frame(&profile->import->builder, stack, &place);
        if (!stack)
            return 0;
    }
    return stack;
}

/* Sizes of `count` blocks that add up to `bytes`: the first ones have a byte more. */
static uint64_t size_of(struct profile_amount amount, uint64_t number)
{
    return amount.bytes / amount.count + (number < amount.bytes % amount.count);
}

static bool live_put(struct profile *profile, const struct profile_entry *entry, uint32_t stack)
{
    uint8_t flags = profile->sample_bytes ? EVENT_SAMPLED : 0;
    for (uint64_t i = 0; i < entry->live.count; i++)
        if (!builder_alloc(&profile->import->builder, size_of(entry->live, i), stack, flags))
            return error_set(profile->error, ERROR_READ, "%s: more than %llu blocks live at once, which cannot be told one by one",
                             lines_name(profile->import->lines), (unsigned long long)profile->import->builder.live_most);
    return true;
}

/* Blocks that were freed again: each lives until the next one is there, so that none looks temporary. */
struct freed {
    ht_addr address;
    uint64_t size;
};

static void freed_put(struct profile *profile, const struct profile_entry *entry, uint32_t stack, struct freed *last)
{
    struct profile_amount amount = {entry->all.count - entry->live.count, entry->all.bytes - entry->live.bytes};
    uint8_t flags = profile->sample_bytes ? EVENT_SAMPLED : 0;
    for (uint64_t i = 0; i < amount.count; i++) {
        struct freed next = {.size = size_of(amount, i)};
        next.address = builder_alloc(&profile->import->builder, next.size, stack, flags);
        if (last->address)
            builder_free(&profile->import->builder, last->address, last->size);
        *last = next;
    }
}

/* Whether it is wanted and can be. */
static bool freed_check(struct profile *profile, bool *wants)
{
    uint64_t count = 0, most = profile->import->blocks_most ? profile->import->blocks_most : PROFILE_FREED_MOST;
    for (size_t i = 0; i < profile->entries.count && count <= most; i++)
        count += profile->entries.at[i].all.count - profile->entries.at[i].live.count;
    *wants = profile->import->with_freed && count;
    if (*wants && count > most)
        return error_set(profile->error, ERROR_READ, "%s: more than %llu blocks were freed, which cannot be told one by one: leave --with-freed out",
                         lines_name(profile->import->lines), (unsigned long long)most);
    if (count && !*wants)
        str_add(&profile->import->note, "what was allocated and freed before is left out; --with-freed tells it, too, but not in its order\n");
    return true;
}

static bool entries_put(struct profile *profile, const struct modules *modules)
{
    struct freed last = {0};
    bool with_freed, is_good = freed_check(profile, &with_freed);
    VEC(uint32_t) stacks = {0};
    for (size_t i = 0; is_good && i < profile->entries.count; i++) {
        const struct profile_entry *entry = profile->entries.at + i;
        uint32_t stack = entry_stack(profile, entry, modules);
        is_good = stack || !entry->depth || error_set(profile->error, ERROR_READ, "%s: too many frames", lines_name(profile->import->lines));
        vec_push(&stacks, stack);
        if (is_good && with_freed)
            freed_put(profile, entry, stack, &last);
    }
    if (last.address)
        builder_free(&profile->import->builder, last.address, last.size);
    for (size_t i = 0; is_good && i < profile->entries.count; i++)
        is_good = live_put(profile, profile->entries.at + i, stacks.at[i]);
    vec_done(&stacks);
    return is_good;
}

static void modules_put(struct profile *profile, struct modules *modules)
{
    if (profile->maps.count)
        qsort(profile->maps.at, profile->maps.count, sizeof *profile->maps.at, compare_maps);
    for (size_t i = 0; i < profile->maps.count; i++) {
        const struct profile_map *map = profile->maps.at + i;
        vec_push(&modules->ids, map_module(profile, map));
        vec_push(&modules->biases, map->start - map->offset - elf_distance(map->path, map->offset));
    }
}

bool profile_put(struct profile *profile, const char *tool)
{
    struct str about = {0};
    struct modules modules = {0};
    str_add_format(&about, "imported from %s: what lived when it was written%s; addresses, times, threads, order and the peak before are not known", tool,
                   profile->import->with_freed ? ", and what was freed before" : "");
    struct builder_start start = {.tool = tool,
                                  .source = lines_name(profile->import->lines),
                                  .command = profile->maps.count ? profile->maps.at[0].path : NULL,
                                  .about = str_text(&about),
                                  .sample_bytes = profile->sample_bytes};
    bool is_good = builder_begin(&profile->import->builder, &start, profile->error);
    if (is_good) {
        modules_put(profile, &modules);
        is_good = entries_put(profile, &modules);
    }
    if (is_good && !profile->maps.count)
        str_add(&profile->import->note, "the file has no memory map: its addresses cannot be named\n");
    str_done(&about);
    vec_done(&modules.ids);
    vec_done(&modules.biases);
    return is_good;
}

void profile_done(struct profile *profile)
{
    vec_done(&profile->entries);
    vec_done(&profile->addresses);
    vec_done(&profile->maps);
}
