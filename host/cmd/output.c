/* output: in a file name and the user's leave, out a stream. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool output_differs(const char *path, const char *input, struct error *error)
{
    struct stat a, b;
    bool is_same = !stat(path, &a) && !stat(input, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    return !is_same || error_set(error, ERROR_USAGE, "'%s' is what is to be read: choose another --output", path);
}

bool output_open(struct output *output, const char *path, const char *input, bool may_replace, struct error *error)
{
    struct stat about;
    *output = (struct output){.out = stdout};
    if (!path || !strcmp(path, "-"))
        return true;
    if (!output_differs(path, input, error))
        return false;
    bool is_there = !stat(path, &about), is_file = !is_there || S_ISREG(about.st_mode);
    if (is_there && is_file && !may_replace)
        return error_set(error, ERROR_WRITE, "'%s' is there already; --force replaces it", path);
    int file = open(path, O_WRONLY | O_CLOEXEC | O_CREAT | (is_there ? O_TRUNC : O_EXCL), 0666);
    FILE *out = file < 0 ? NULL : fdopen(file, "w");
    if (!out)
        return error_set_errno(error, ERROR_WRITE, "cannot write '%s'", path);
    *output = (struct output){out, path, is_file};
    return true;
}

bool output_close(struct output *output, bool is_good, struct error *error)
{
    bool has_failed = ferror(output->out) || fflush(output->out);
    int code = errno;
    if (output->path)
        has_failed |= fclose(output->out) != 0;
    errno = code;
    if (has_failed)
        error_set_errno(error, ERROR_WRITE, "cannot write all of '%s'", output->path ? output->path : "standard output");
    if (output->made_file && (has_failed || !is_good))
        unlink(output->path);
    return !has_failed;
}
