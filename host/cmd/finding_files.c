/* finding_files: in findings, out a SARIF log, a JUnit report, both, or none. */
#include "finding_files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/memory.h"
#include "host/export/junit.h"
#include "host/export/sarif.h"

static bool file_open(struct output *output, const char *option, const char *path, const char *input, struct error *error)
{
    *output = (struct output){0};
    if (!path)
        return true;
    if (!strcmp(path, "-") || !*path)
        return error_set(error, ERROR_USAGE, "--%s: name a file; standard output is the page's", option);
    return output_open(output, path, input ? input : "", true, error);
}

static bool root_find(struct finding_files *files, struct error *error)
{
    const char *root = files->options->root;
    char path[PATH_MAX];
    if (!realpath(root ? root : ".", path))
        return error_set_errno(error, ERROR_USAGE, "--source-root: cannot find '%s'", root ? root : ".");
    files->root = memory_copy_text(path);
    return true;
}

bool finding_files_open(struct finding_files *files, const struct finding_files_options *options, const char *input, struct error *error)
{
    *files = (struct finding_files){.options = options};
    bool is_good = root_find(files, error) && file_open(&files->sarif, "sarif", options->sarif, input, error) &&
                   file_open(&files->junit, "junit", options->junit, input, error);
    if (!is_good)
        finding_files_close(files, NULL, NULL);
    return is_good;
}

bool finding_files_close(struct finding_files *files, const struct findings *findings, struct error *error)
{
    bool is_good = true;
    if (files->sarif.out && findings)
        sarif_put(files->sarif.out, findings);
    if (files->junit.out && findings)
        junit_put(files->junit.out, findings);
    if (files->sarif.out)
        is_good = output_close(&files->sarif, findings != NULL, error);
    if (files->junit.out)
        is_good = output_close(&files->junit, findings != NULL, error) && is_good;
    memory_free(files->root);
    *files = (struct finding_files){0};
    return is_good;
}
