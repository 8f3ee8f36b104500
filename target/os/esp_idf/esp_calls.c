/* esp_calls: a list of the calls under way, as many as there are tasks inside the heap. */
#include <heaptracer/port.h>

#include "esp_calls.h"
#include "esp_system_facts.h"

static struct ht_esp_call *volatile calls;

bool ht__esp_call_begin(struct ht_esp_call *call, const void *here, bool is_silent)
{
    *call = (struct ht_esp_call){.who = ht__esp_who(), .here = here, .is_silent = is_silent};
    if (ht__esp_call_now())
        return false;
    ht_lock before = ht_port_lock();
    call->next = calls;
    calls = call;
    ht_port_unlock(before);
    return true;
}

void ht__esp_call_end(struct ht_esp_call *call)
{
    ht_lock before = ht_port_lock();
    struct ht_esp_call *volatile *link = &calls;
    while (*link != call)
        link = (struct ht_esp_call *volatile *)&(*link)->next;
    *link = call->next;
    ht_port_unlock(before);
}

struct ht_esp_call *ht__esp_call_now(void)
{
    const void *who = ht__esp_who();
    if (!calls)
        return NULL;
    ht_lock before = ht_port_lock();
    struct ht_esp_call *call = calls;
    while (call && call->who != who)
        call = call->next;
    ht_port_unlock(before);
    return call;
}

void ht__esp_call_silence(struct ht_esp_call *call, const void *here)
{
    struct ht_esp_call *outer = ht__esp_call_now();
    if (!outer)
        ht__esp_call_begin(call, here, true);
    call->outer = outer;
    call->was_silent = outer && outer->is_silent;
    if (outer)
        outer->is_silent = true;
}

void ht__esp_call_speak(struct ht_esp_call *call)
{
    if (call->outer)
        call->outer->is_silent = call->was_silent;
    else
        ht__esp_call_end(call);
}
