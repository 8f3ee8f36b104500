/* calls: in calls of a system's heap on their way, out who made them, and what was asked for: the hooks that the heap calls deep inside learn it here.
 *
 * A call is known by who makes it: a task, or an interrupt, which the port tells apart. */
#ifndef TARGET_OS_CALLS_CALLS_H
#define TARGET_OS_CALLS_CALLS_H

#include <heaptracer/heaptracer.h>

struct ht_call {
    struct ht_call *next, *outer;
    const void *who;
    const void *here; /* HT_HERE of the outermost hook */
    size_t bytes;     /* asked for; 0: not known */
    bool was_silent;
    bool is_silent;   /* what the heap's hooks say is part of a call that is told as a whole */
    bool is_told;     /* by a hook of the heap */
};

/* `call` is on the caller's stack. Within another call of the same task nothing is begun, and false is answered. */
bool ht__call_begin(struct ht_call *call, const void *here, bool is_silent);
void ht__call_end(struct ht_call *call);
/* From here to `speak` the hooks of this task say nothing, for the call is told as a whole; or not at all, if `was_silent` is set. */
void ht__call_silence(struct ht_call *call, const void *here);
void ht__call_speak(struct ht_call *call);
/* Of the task that runs; NULL: none. */
struct ht_call *ht__call_now(void);
/* A task that ends never returns from its calls. */
void ht__call_forget(const void *who);

/* The port's: the task that runs, or something of its own for an interrupt. */
const void *ht__call_who(void);

#endif
