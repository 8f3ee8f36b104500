/* registry: in blocks that begin and end, out all that live, to be looked at without a lock.
 *
 * A slot holds a block's address. Who looks at a block marks its slot as busy; who ends the block meanwhile leaves the rest to the one who looks. Free slots
 * are in lists; a list's head has a count of its changes, so that a slot that was taken and came back is noticed. */
#ifndef TARGET_GUARD_REGISTRY_H
#define TARGET_GUARD_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

bool registry_begin(void);
/* From 1; 0: no room, the block is only looked at when it ends. The block can be seen from registry_put on. */
uint32_t registry_reserve(void);
void registry_put(uint32_t index, const void *block);
/* False: somebody looks at it and will hand it to `ended`. */
bool registry_remove(uint32_t index, const void *block);
/* False: it stays. */
bool registry_take_out(uint32_t index, const void *block);

struct registry_look {
    void (*see)(void *block, uint32_t index, void *context);
    void (*ended)(void *block); /* it was removed while it was looked at */
    void *context;
};
/* So many slots, from where the last slice ended. */
void registry_slice(const struct registry_look *look, uint32_t count);
void registry_each(const struct registry_look *look);

#endif
