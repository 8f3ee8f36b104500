/* finding_files: in findings, out the files for build servers that were asked for. */
#ifndef HOST_CMD_FINDING_FILES_H
#define HOST_CMD_FINDING_FILES_H

#include "host/base/opt.h"
#include "host/export/findings.h"
#include "output.h"

struct finding_files_options {
    const char *sarif, *junit, *root;
};

/* The rows of an option table, without the closing one, for the field `field` (a struct finding_files_options) of `type`. */
#define FINDING_FILES_OPTIONS(type, field)                                                                                                                    \
    {OPT_SECTION, 0, NULL, 0, NULL, "For build servers", NULL, NULL, NULL},                                                                                   \
        {OPT_TEXT, 0, "sarif", offsetof(type, field.sarif), "FILE", "write what was found as a SARIF 2.1.0 log, for code scanning; replaces FILE", NULL, NULL, \
         NULL},                                                                                                                                               \
        {OPT_TEXT, 0, "junit", offsetof(type, field.junit), "FILE", "write what was found as a JUnit report, as if it were tests; replaces FILE", NULL, NULL, \
         NULL},                                                                                                                                               \
        {OPT_TEXT, 0, "source-root", offsetof(type, field.root), "DIR", "in both, sources below DIR are named from there on", "this folder", NULL, NULL}

struct finding_files {
    const struct finding_files_options *options;
    struct output sarif, junit;
    char *root;
};

static inline bool finding_files_are_wanted(const struct finding_files_options *options)
{
    return options->sarif || options->junit;
}
/* Before the work, so that a wrong name is said then. `input`: a file that they must not be, may be NULL. */
bool finding_files_open(struct finding_files *files, const struct finding_files_options *options, const char *input, struct error *error);
/* `findings` NULL: there are none to be written, and no file stays. False: not all could be written. */
bool finding_files_close(struct finding_files *files, const struct findings *findings, struct error *error);

#endif
