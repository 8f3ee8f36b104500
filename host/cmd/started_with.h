/* started_with: in a process, out the words that it was started with. */
#ifndef HOST_CMD_STARTED_WITH_H
#define HOST_CMD_STARTED_WITH_H

#include "host/base/vec.h"

struct words {
    VEC(char *) at;
};

void words_add(struct words *words, const char *word);
/* All that a program was started with; one that tells nothing has no name here. `pid` is its number as text. */
void words_add_started_with(struct words *words, const char *pid);
void words_done(struct words *words);

#endif
