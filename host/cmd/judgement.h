/* judgement: in a trace that was just recorded, out whether it has leaks and errors, and the files for build servers that tell of them. */
#ifndef HOST_CMD_JUDGEMENT_H
#define HOST_CMD_JUDGEMENT_H

#include "finding_files.h"
#include "leak_rows.h"

struct judgement_options {
    struct leak_options leaks;
    struct finding_files_options files;
    struct opt_list fail_on; /* "leak", "possible", "error" */
};

struct judgement {
    const struct judgement_options *options;
    bool looks_for_leaks, looks_for_errors;
    struct leak_rows rows;
    struct finding_files files;
    uint64_t faults; /* that the recorder saw; to be set before judgement_make */
    bool has_found;  /* what fail_on asks for */
};

/* Before the program is run, so that what cannot be is said then. */
bool judgement_open(struct judgement *judgement, const struct judgement_options *options, bool looks_for_leaks, bool looks_for_errors, struct error *error);
/* The trace is whole; `path` names it. It is read only if something was asked for that the recorder does not know. */
bool judgement_make(struct judgement *judgement, const char *path, struct error *error);
/* To be called once; the files are removed if nothing was made. */
void judgement_close(struct judgement *judgement);

#endif
