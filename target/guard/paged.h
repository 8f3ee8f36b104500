/* paged: in a size, out a block that ends, or begins, at a page which nobody may touch; freed, its own pages are such too, and are given out again only when all others were.
 *
 * Addresses are taken in order from one region; where it ends it begins anew, and passes over what lives. A block takes whole pages of memory only while it
 * lives. Between its end and the page's there are up to 15 bytes, for its alignment; they, and 16 before it, are filled and looked at. So are some behind it
 * where it begins at a page. */
#ifndef TARGET_GUARD_PAGED_H
#define TARGET_GUARD_PAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal.h"

struct paged {
    void *block;
    char *low; /* its first page */
    uint64_t size, pages;
    size_t alignment;
    uint8_t family;
    bool lives;
};

enum { PAGED_USED_MOST = 4096 }; /* a block that is not larger may hold what another left there */
struct paged_layout {
    size_t align; /* that a block of no alignment of its own gets, a power of two, unless it is smaller; less shows more of what is touched behind its end */
    bool before;  /* blocks begin where a page does */
};

/* At most so many pages live at once; `often`: most blocks will be such. False: there is no room for that. */
bool paged_begin(uint64_t live_most, struct paged_layout layout, bool often);
/* NULL: no page is left. */
void *paged_alloc(size_t size, size_t alignment, uint8_t family);
static inline bool paged_owns(const void *address)
{
    extern char *ht__paged_low;
    extern uint64_t ht__paged_bytes;
    return (uintptr_t)address - (uintptr_t)ht__paged_low < ht__paged_bytes;
}
/* The block that `address` lies in or next to; false: none was ever there. */
bool paged_find(const void *address, struct paged *paged);
/* False: somebody else ended it. */
bool paged_end(const struct paged *paged);
/* Bytes next to it are as they were left. */
bool paged_is_whole(const struct paged *paged, struct damage *damage);
/* Those bytes are what they were again. */
void paged_mend(const struct paged *paged);
void paged_each(void (*see)(const struct paged *paged));
/* SIGBUS told that a page is not there: from now on SIGSEGV will. False: it is none of ours. */
bool paged_shut(const void *address);
/* The page can be touched from now on. */
void paged_open(const void *address);
void paged_after_fork(void);

#endif
