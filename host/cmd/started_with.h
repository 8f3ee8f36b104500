/* started_with: in a process, out the words that it was started with. */
#ifndef HOST_CMD_STARTED_WITH_H
#define HOST_CMD_STARTED_WITH_H

#include "host/base/vec.h"

struct started_words {
    VEC(char *) at;
};

void started_words_add(struct started_words *words, const char *word);
/* All that a program was started with; one that tells nothing has no name here. `pid` is its number as text. */
void started_words_add_all(struct started_words *words, const char *pid);
void started_words_done(struct started_words *words);

#endif
