/* redirect: in a program that runs already, out the calls of its loaded files led to our hooks; and back. */
#ifndef TARGET_OS_LINUX_REDIRECT_H
#define TARGET_OS_LINUX_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

struct redirect_count {
    uint32_t slots; /* that were changed */
    uint32_t left;  /* that could not be */
};

/* `handle` is our own, of dlopen. False: this cannot be done here. */
bool ht__redirect_begin(void *handle, struct redirect_count *count);
void ht__redirect_end(struct redirect_count *count);
/* The calling thread is in the middle of it. */
bool ht__redirect_is_inside(void);
/* In a new child: a lock that another thread of the parent held is free. */
void ht__redirect_after_fork(void);

#endif
