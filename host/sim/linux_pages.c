/* linux_pages: in one or two regions, out what Linux gives a process there by brk, mmap, munmap and mremap. */
#include "linux_pages.h"
#include "sbrk.h"

void linux_begin(struct linux_pages *pages, struct gap region, struct gap map_region, uint64_t page)
{
    struct gap hole = map_region.bytes ? map_region : region;
    uint64_t first = round_up(hole.address, page), last = (hole.address + hole.bytes) & ~(page - 1);
    *pages = (struct linux_pages){.start = region.address, .top = region.address, .page = page};
    if (map_region.bytes)
        pages->end = region.address + region.bytes;
    if (last > first)
        gaps_add(&pages->holes, first, last - first);
}

/* In a shared region the hole above the break begins where the break's page ends. */
static bool hole_move(struct linux_pages *pages, uint64_t top)
{
    uint64_t was = round_up(pages->top, pages->page), becomes = round_up(top, pages->page);
    struct gap hole = gaps_from(&pages->holes, was);
    if (hole.address != was)
        hole = (struct gap){was, 0};
    if (becomes > was && becomes - was > hole.bytes)
        return false;
    if (hole.bytes)
        gaps_remove(&pages->holes, was);
    if (was + hole.bytes > becomes)
        gaps_add(&pages->holes, becomes, was + hole.bytes - becomes);
    return true;
}

uint64_t linux_more(struct linux_pages *pages, uint64_t bytes)
{
    uint64_t was = pages->top;
    if (bytes > SBRK_MOST || (pages->end ? bytes > pages->end - was : !hole_move(pages, was + bytes)))
        return LINUX_REFUSED;
    pages->top += bytes;
    return was;
}

void linux_less(struct linux_pages *pages, uint64_t bytes)
{
    if (!pages->end)
        hole_move(pages, pages->top - bytes);
    pages->top -= bytes;
}

uint64_t linux_map(struct linux_pages *pages, uint64_t bytes)
{
    struct gap hole = gaps_fit_last(&pages->holes, bytes);
    if (!hole.bytes || !bytes)
        return LINUX_REFUSED;
    gaps_remove(&pages->holes, hole.address);
    if (hole.bytes > bytes)
        gaps_add(&pages->holes, hole.address, hole.bytes - bytes);
    pages->mapped += bytes;
    return hole.address + hole.bytes - bytes;
}

void linux_unmap(struct linux_pages *pages, uint64_t address, uint64_t bytes)
{
    struct gap before = gaps_before(&pages->holes, address), after = gaps_from(&pages->holes, address);
    pages->mapped -= bytes;
    if (before.bytes && before.address + before.bytes == address) {
        gaps_remove(&pages->holes, before.address);
        address = before.address;
        bytes += before.bytes;
    }
    if (after.bytes && address + bytes == after.address) {
        gaps_remove(&pages->holes, after.address);
        bytes += after.bytes;
    }
    gaps_add(&pages->holes, address, bytes);
}

uint64_t linux_remap(struct linux_pages *pages, uint64_t address, uint64_t bytes, uint64_t wanted)
{
    if (wanted <= bytes) {
        if (wanted < bytes)
            linux_unmap(pages, address + wanted, bytes - wanted);
        return address;
    }
    struct gap after = gaps_from(&pages->holes, address + bytes);
    if (after.address == address + bytes && after.bytes >= wanted - bytes) {
        gaps_remove(&pages->holes, after.address);
        if (after.bytes > wanted - bytes)
            gaps_add(&pages->holes, address + wanted, after.bytes - (wanted - bytes));
        pages->mapped += wanted - bytes;
        return address;
    }
    uint64_t to = linux_map(pages, wanted);
    if (to != LINUX_REFUSED)
        linux_unmap(pages, address, bytes);
    return to;
}

void linux_done(struct linux_pages *pages)
{
    gaps_done(&pages->holes);
}
