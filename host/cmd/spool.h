/* spool: in the word of a board or an agent, out a file with its trace, which one of our own commands writes beside this one. */
#ifndef HOST_CMD_SPOOL_H
#define HOST_CMD_SPOOL_H

#include "beside.h"
#include "fetch.h"
#include "host/base/opt.h"
#include "host/base/str.h"

/* What SOURCE may be, for those who follow one. */
enum source_kind { SOURCE_FILE, SOURCE_PROCESS, SOURCE_BOARD, SOURCE_AGENT };

struct source_options {
    const char *elf, *keep;
    struct visit_options visit;
};

/* The rows of an option table, without the closing one, for the field `field` (a struct source_options) of `type`. */
#define SOURCE_OPTIONS(type, field)                                                                                                                           \
    {OPT_SECTION, 0, NULL, 0, NULL, "Where SOURCE is a board or an agent", NULL, NULL, NULL},                                                                             \
        {OPT_TEXT, 0, "elf", offsetof(type, field.elf), "FILE", "a board's firmware as the linker wrote it: names, lines and texts are read from it", NULL, NULL, \
         NULL},                                                                                                                                               \
        {OPT_TEXT, 0, "keep", offsetof(type, field.keep), "FILE", "keep what is recorded of it", "a file that is removed at the end", NULL, NULL}, \
        VISIT_OPTIONS(type, field.visit)

/* The sentences of a manual page about SOURCE. */
#define SOURCE_MANUAL                                                                                                                                         \
    "PID is the number of a process that 'heaptracer run' started, or of its recorder or a 'heaptracer listen'; FILE is a trace, also one that is still "     \
    "written, or '-' for standard input. A board is named as for 'heaptracer listen' (serial:DEVICE,BAUD, tcp:HOST:PORT, udp:PORT, unix:PATH, file:PATH, "    \
    "tcp-listen:PORT, unix-listen:PATH), a recording on another machine as agent:HOST:PORT/NAME (see 'heaptracer help agent'; tcp:HOST:PORT will do). Both are copied " \
    "meanwhile into a folder in $TMPDIR (else /var/tmp) that goes at the end, or into --keep FILE."

struct spool {
    char *word;
    char *path;   /* of the trace, which may still have to come */
    char *folder; /* goes at the end; NULL: the file is kept */
    struct beside beside;
};

/* A file that is there is a file, whatever its name. */
enum source_kind source_kind(const char *word);
/* False and `error` also if options do not go with the word. */
bool spool_start(struct spool *spool, const char *word, const struct source_options *options, struct error *error);
/* What was taken for a board (tcp:HOST:PORT) has ended since an agent answers there: begun again as such. False: it was none, or `error`. */
bool spool_is_agent(struct spool *spool, const struct source_options *options, struct error *error);
/* What writes it is stopped, and told what it noted; also after a failure. */
void spool_end(struct spool *spool);

#endif
