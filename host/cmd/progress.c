/* progress: in counts of events, out a line on stderr while a command reads. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "host/base/now.h"
#include "host/base/number.h"

enum { PROGRESS_FIRST_NS = 500000000, PROGRESS_EACH_NS = 200000000 };

void progress_start(struct progress *progress)
{
    *progress = (struct progress){.is_terminal = isatty(STDERR_FILENO), .start_ns = now_ns()};
}

void progress_see(struct progress *progress, uint64_t events, uint64_t time_ns)
{
    char count[NUMBER_ROOM], rate[NUMBER_ROOM], time_text[NUMBER_ROOM];
    uint64_t now = progress->is_terminal ? now_ns() : 0;
    if (!progress->is_terminal || now - progress->start_ns < PROGRESS_FIRST_NS || now - progress->shown_ns < PROGRESS_EACH_NS)
        return;
    progress->shown_ns = now;
    progress->is_shown = true;
    number_real(count, (double)events);
    number_real(rate, (double)events * 1e9 / (double)(now - progress->start_ns));
    fprintf(stderr, "\r\033[Kreading: %s events, up to %s of the run, %s events/s", count, number_time(time_text, time_ns), rate);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = false;
}
