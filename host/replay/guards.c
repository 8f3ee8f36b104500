/* guards: in the head of a trace, out what the recorded firmware put round its blocks. */
#include "guards.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool guards_take(struct guards *guards, const struct trace_header *header)
{
    static const char name[] = "HT_WITH_GUARD=";
    enum { BAND_MOST = 4096, HELD_MOST = 1 << 16 };
    const char *line = header->environment ? strstr(header->environment, name) : NULL;
    *guards = (struct guards){0};
    if (!line || (line != header->environment && line[-1] != '\n'))
        return false;
    int found = sscanf(line + strlen(name), "%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64, &guards->head_bytes, &guards->tail_bytes, &guards->held_most, &guards->held_bytes);
    if (found == 4 && guards->head_bytes <= BAND_MOST && guards->tail_bytes <= BAND_MOST && guards->held_most <= HELD_MOST)
        return true;
    *guards = (struct guards){0};
    return false;
}

void guards_say(const struct guards *guards, struct str *out)
{
    str_add_format(out, "guard bands of %" PRIu64 " and %" PRIu64 " bytes round each block", guards->head_bytes, guards->tail_bytes);
    if (guards->held_most)
        str_add_format(out, ", %" PRIu64 " freed blocks held back", guards->held_most);
    if (guards->held_most && guards->held_bytes)
        str_add_format(out, " of at most %" PRIu64 " bytes", guards->held_bytes);
}
