/* spool: in the word of a board, out a file with its trace, which one of our own commands writes beside this one. */
#include "spool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/source/cable.h"

enum { WORDS_MOST = 12 };
/* A recording may become large: /tmp is memory on some machines. */
#define SPOOL_FOLDER "/var/tmp"

enum source_kind source_kind(const char *word)
{
    bool is_number = *word && !word[strspn(word, "0123456789")] && strlen(word) < 10;
    if (!strcmp(word, "-") || !access(word, F_OK))
        return SOURCE_FILE;
    return is_number ? SOURCE_PROCESS : cable_is_named(word) ? SOURCE_BOARD : SOURCE_FILE;
}

static bool place_choose(struct spool *spool, const char *keep, struct error *error)
{
    const char *temporary = getenv("TMPDIR");
    struct str path = {0};
    if (keep) {
        spool->path = memory_copy_text(keep);
        return access(keep, F_OK) || error_set(error, ERROR_WRITE, "'%s' is there already; --keep wants another name", keep);
    }
    str_add_format(&path, "%s/heaptracer.XXXXXX", temporary && *temporary ? temporary : SPOOL_FOLDER);
    bool is_made = mkdtemp(path.at) != NULL;
    if (is_made)
        spool->folder = memory_copy_text(path.at);
    else
        error_set_errno(error, ERROR_WRITE, "no folder for the recording can be made in %s; --keep FILE says another place", temporary && *temporary ? temporary : SPOOL_FOLDER);
    str_add(&path, "/trace.htrc");
    spool->path = memory_copy_text(path.at);
    str_done(&path);
    return is_made;
}

bool spool_start(struct spool *spool, const char *word, const struct source_options *options, struct error *error)
{
    const char *words[WORDS_MOST] = {"heaptracer", "listen", "-o"};
    size_t count = 3;
    if (!place_choose(spool, options ? options->keep : NULL, error))
        return false;
    words[count++] = spool->path;
    if (options && options->elf) {
        words[count++] = "--elf";
        words[count++] = options->elf;
    }
    words[count++] = "--";
    words[count++] = word;
    return beside_start(&spool->beside, words, error);
}

void spool_end(struct spool *spool)
{
    beside_end(&spool->beside);
    if (spool->folder) {
        unlink(spool->path);
        rmdir(spool->folder);
    }
    memory_free(spool->path);
    memory_free(spool->folder);
    *spool = (struct spool){0};
}
