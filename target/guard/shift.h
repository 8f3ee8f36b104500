/* shift: in a page of a region, out the same memory at another page of it, and nothing where it was: who touches that gets SIGBUS.
 *
 * By a userfaultfd of the process itself: the kernel then needs neither give back nor find and clear memory for a block, which is what takes most time. */
#ifndef TARGET_GUARD_SHIFT_H
#define TARGET_GUARD_SHIFT_H

#include <stdbool.h>
#include <stdint.h>

/* From now on there is nothing in the region. False: it is as it was; the kernel cannot, or forbids it. */
bool shift_begin(const void *low, uint64_t bytes);
bool shift_page(char *to, const char *from);
/* Memory full of zeroes. */
bool shift_fresh(char *to, uint64_t pages);
/* Nothing any more. */
void shift_drop(char *from, uint64_t pages);
/* False: the program has closed our file; what is not there can be touched. */
bool shift_works(void);
/* In a new child. */
void shift_after_fork(void);

#endif
