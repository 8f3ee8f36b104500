/* spool: in the word of a board or an agent, out a file with its trace, which one of our own commands writes beside this one. */
#include "spool.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/source/cable.h"
#include "listen.h"

enum { WORDS_MOST = 16 };
/* A recording may become large: /tmp is memory on some machines. */
#define SPOOL_FOLDER "/var/tmp"

enum source_kind source_kind(const char *word)
{
    bool is_number = *word && !word[strspn(word, "0123456789")] && strlen(word) < 10;
    if (!strcmp(word, "-") || !access(word, F_OK))
        return SOURCE_FILE;
    if (agent_is_named(word))
        return SOURCE_AGENT;
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

struct words {
    const char *at[WORDS_MOST];
    size_t count;
};

static void words_pair(struct words *words, const char *option, const char *value)
{
    if (!value)
        return;
    words->at[words->count++] = option;
    words->at[words->count++] = value;
}

static bool command_start(struct spool *spool, bool is_agent, const struct source_options *options, struct error *error)
{
    struct words words = {{"heaptracer", is_agent ? "fetch" : "listen"}, 2};
    words_pair(&words, "-o", spool->path);
    if (is_agent) {
        words_pair(&words, "--token-file", options->visit.token_file);
        words_pair(&words, "--fingerprint", options->visit.fingerprint);
        if (options->visit.clear)
            words.at[words.count++] = "--clear";
    } else {
        words_pair(&words, "--elf", options->elf);
    }
    words_pair(&words, "--", spool->word);
    return beside_start(&spool->beside, words.at, error);
}

static const struct source_options *options_or_none(const struct source_options *options)
{
    static const struct source_options none;
    return options ? options : &none;
}

bool spool_start(struct spool *spool, const char *word, const struct source_options *options, struct error *error)
{
    spool->word = memory_copy_text(word);
    return place_choose(spool, options_or_none(options)->keep, error) && command_start(spool, source_kind(word) == SOURCE_AGENT, options_or_none(options), error);
}

bool spool_is_agent(struct spool *spool, const struct source_options *options, struct error *error)
{
    struct error why = {0};
    if (!beside_why(&spool->beside, &why) || !strstr(why.text, LISTEN_FOUND_AGENT))
        return false;
    beside_end(&spool->beside);
    return command_start(spool, true, options_or_none(options), error);
}

/* Names are kept beside the trace, as FOLDER/.build-id/ab/cdef. */
static void folder_remove(const char *path)
{
    DIR *list = opendir(path);
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        struct str below = {0};
        str_add_format(&below, "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && unlink(str_text(&below)))
            folder_remove(str_text(&below));
        str_done(&below);
    }
    if (list)
        closedir(list);
    rmdir(path);
}

void spool_end(struct spool *spool)
{
    beside_end(&spool->beside);
    if (spool->folder)
        folder_remove(spool->folder);
    memory_free(spool->word);
    memory_free(spool->path);
    memory_free(spool->folder);
    *spool = (struct spool){0};
}
