/* known: the memory of what the walkers know: rules, and the stack that is running. */
#include "known.h"

struct ht_walk_stack ht__walk_stack;
#if HT_WALK_CACHE
struct known ht__known[HT_WALK_CACHE];
#endif
