/* progress: in counts of events, out a line on stderr while a command reads, if that is a terminal. */
#ifndef HOST_CMD_PROGRESS_H
#define HOST_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool is_shown, is_terminal;
    uint64_t start_ns, shown_ns;
};

void progress_start(struct progress *progress);
void progress_see(struct progress *progress, uint64_t events, uint64_t time_ns);
void progress_end(struct progress *progress); /* clears the line */

#endif
