/* calls: a list of the calls under way, as many as there are tasks inside the heap. */
#include <heaptracer/port.h>

#include "calls.h"

static struct ht_call *volatile calls;

bool ht__call_begin(struct ht_call *call, const void *here, bool is_silent)
{
    *call = (struct ht_call){.who = ht__call_who(), .here = here, .is_silent = is_silent};
    if (ht__call_now())
        return false;
    ht_lock before = ht_port_lock();
    call->next = calls;
    calls = call;
    ht_port_unlock(before);
    return true;
}

static void take_out(const struct ht_call *call, const void *who)
{
    ht_lock before = ht_port_lock();
    struct ht_call *volatile *link = &calls;
    while (*link && *link != call && (*link)->who != who)
        link = (struct ht_call * volatile *)&(*link)->next;
    if (*link)
        *link = (*link)->next;
    ht_port_unlock(before);
}

void ht__call_end(struct ht_call *call)
{
    take_out(call, call->who);
}

void ht__call_forget(const void *who)
{
    take_out(NULL, who);
}

struct ht_call *ht__call_now(void)
{
    const void *who = ht__call_who();
    if (!calls)
        return NULL;
    ht_lock before = ht_port_lock();
    struct ht_call *call = calls;
    while (call && call->who != who)
        call = call->next;
    ht_port_unlock(before);
    return call;
}

void ht__call_silence(struct ht_call *call, const void *here)
{
    struct ht_call *outer = ht__call_now();
    if (!outer)
        ht__call_begin(call, here, true);
    call->outer = outer;
    call->was_silent = outer && outer->is_silent;
    if (outer)
        outer->is_silent = true;
}

void ht__call_speak(struct ht_call *call)
{
    if (call->outer)
        call->outer->is_silent = call->was_silent;
    else
        ht__call_end(call);
}
