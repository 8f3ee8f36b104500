/* tui: in what is known of a run, now and again, out a full-screen view of it that keys and the mouse steer. It asks for tables and shows them; it counts nothing. */
#ifndef HOST_TUI_TUI_H
#define HOST_TUI_TUI_H

#include "host/analysis/slices.h"
#include "host/view/view.h"
#include "screen.h"

/* Whom it asks. */
struct tui_source {
    void (*answer)(void *context, const char *name, struct table *table); /* all that happened so far is in it; to be ended with table_done */
    void (*mark)(void *context, const char *label);                       /* the user marks this moment */
    void *context;
};

enum tui_state { TUI_WAITING /* nothing is known yet */, TUI_READING, TUI_LIVE, TUI_GONE /* it is waited for */, TUI_OVER };

struct tui_run {
    enum tui_state state;
    const char *path, *problem; /* problem: NULL, or why the trace could not be read to its end */
    const struct trace_header *header;
    const struct model *model;
    const struct slices *slices;
    struct symbols *symbols;
    uint64_t time_ns; /* of the session */
    uint64_t behind_ns; /* how much later the program is; 0: not worth telling */
    double rest_times;  /* asking rests for so many times what it took */
};

struct tui;

struct tui *tui_open(enum theme theme, const struct tui_source *source, struct error *error);
/* Takes keys, for at most so long, and shows what is due. False: the user, or the terminal, has left. */
bool tui_turn(struct tui *tui, const struct tui_run *run, int milliseconds);
/* The next turn asks anew, whatever the state. */
void tui_refresh(struct tui *tui);
void tui_close(struct tui *tui);

#endif
