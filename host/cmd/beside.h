/* beside: in the words of one of our own commands, out that command at work beside this one, until we end; and what it said. */
#ifndef HOST_CMD_BESIDE_H
#define HOST_CMD_BESIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/base/error.h"

struct beside {
    pid_t pid; /* 0: none was started, or it was waited for */
    int said;  /* what it writes on stderr */
    int exit_code;
    bool is_started;
};

/* words[0] is "heaptracer", NULL ends them. It gets neither our signals nor our terminal, and ends when the thread that started it does. */
bool beside_start(struct beside *beside, const char *const *words, struct error *error);
/* It has ended by itself. */
bool beside_is_over(struct beside *beside);
/* Waits at most so long for its end: what a process holds is let go before it can be waited for. */
void beside_settle(struct beside *beside, unsigned patience_ms);
/* Why it failed, in its own sentence. False: it did not. */
bool beside_why(struct beside *beside, struct error *error);
/* Ends it in order, waits for that, and prints the notes that it had to say. */
void beside_end(struct beside *beside);

#endif
