/* offers: every recorder listens at a name of its own (host/launch/control.h), and the kernel lists those names. */
#include "offers.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/now.h"
#include "host/base/path.h"
#include "host/base/str.h"
#include "host/launch/control.h"

#define ENDING ".htrc"

enum { PATIENCE_MS = 1000, SILENT_MOST = 1000 };
static const uint64_t SILENT_NS = 5 * 1000000000ull;

static struct offer *path_find(struct offers *offers, const char *path)
{
    for (size_t i = 0; i < offers->list.count; i++)
        if (!strcmp(offers->list.at[i].path, path))
            return offers->list.at + i;
    return NULL;
}

static void offer_add(struct offers *offers, const char *path, pid_t pid)
{
    const char *name = path_name(path);
    size_t count = strlen(name), ending = strlen(ENDING);
    struct offer *known = path_find(offers, path);
    if (known && pid)
        known->pid = pid;
    if (known || offers->list.count >= OFFERS_MOST)
        return;
    struct offer offer = {.pid = pid, .path = memory_copy_text(path), .name = memory_copy_text(name)};
    if (count > ending && !strcmp(name + count - ending, ENDING))
        offer.name[count - ending] = 0;
    vec_push(&offers->list, offer);
}

static bool pid_is_known(const struct offers *offers, pid_t pid)
{
    for (size_t i = 0; i < offers->list.count; i++)
        if (offers->list.at[i].pid == pid)
            return true;
    for (size_t i = 0; i < offers->others.count; i++)
        if (offers->others.at[i] == pid)
            return true;
    return false;
}

/* One that is stopped, or a copy that is asked for its trace, makes nobody wait twice. */
static void recorder_see(void *context, pid_t pid)
{
    struct offers *offers = context;
    struct str path = {0};
    struct error ignored = {0};
    uint64_t now = now_ns();
    const uint64_t *again = map_get(&offers->silent, (uint64_t)pid);
    if (!pid || pid_is_known(offers, pid) || (again && now < *again))
        return;
    pid_t first = 0;
    if (control_ask_trace(pid, PATIENCE_MS, &path, &first, &ignored)) {
        offer_add(offers, str_text(&path), first > 0 ? first : pid);
        if (first != pid)
            vec_push(&offers->others, pid);
    } else if (now_ns() - now > PATIENCE_MS * 1000000ull / 2) {
        *map_put(&offers->silent, (uint64_t)pid, NULL) = now + SILENT_NS;
    }
    str_done(&path);
}

static void folder_look(struct offers *offers, const char *folder)
{
    DIR *list = opendir(folder);
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        char path[2 * PATH_MAX], whole[PATH_MAX];
        size_t count = strlen(entry->d_name), ending = strlen(ENDING);
        if (count <= ending || strcmp(entry->d_name + count - ending, ENDING))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (realpath(path, whole))
            offer_add(offers, whole, 0);
    }
    if (list)
        closedir(list);
}

static bool is_gone(pid_t pid)
{
    return pid && kill(pid, 0) && errno == ESRCH;
}

/* A number may be given to another process: only recordings that run keep theirs. */
static void ended_forget(struct offers *offers)
{
    size_t kept = 0, others = 0;
    for (size_t i = 0; i < offers->others.count; i++)
        if (!is_gone(offers->others.at[i]))
            offers->others.at[others++] = offers->others.at[i];
    offers->others.count = others;
    for (size_t i = 0; i < offers->list.count; i++) {
        struct offer *offer = offers->list.at + i;
        if (is_gone(offer->pid))
            offer->pid = 0;
        if (!access(offer->path, F_OK)) {
            offers->list.at[kept++] = *offer;
            continue;
        }
        memory_free(offer->path);
        memory_free(offer->name);
    }
    offers->list.count = kept;
}

void offers_refresh(struct offers *offers)
{
    ended_forget(offers);
    if (map_count(&offers->silent) > SILENT_MOST)
        map_done(&offers->silent);
    control_each(recorder_see, offers);
    for (size_t i = 0; offers->folders && offers->folders[i]; i++)
        folder_look(offers, offers->folders[i]);
}

/* "server" of "server.4711". */
static bool is_program(const char *name, const char *wanted)
{
    size_t count = strlen(wanted);
    return !strncmp(name, wanted, count) && name[count] == '.' && name[count + 1] && !name[count + 1 + strspn(name + count + 1, "0123456789")];
}

static bool is_wanted(const struct offer *offer, const char *name)
{
    char number[16];
    snprintf(number, sizeof number, "%d", (int)offer->pid);
    return *name ? !strcmp(offer->name, name) || !strcmp(offer->path, name) || (offer->pid && !strcmp(number, name)) || is_program(offer->name, name) : offer->pid != 0;
}

static void names_add(const struct offers *offers, struct str *text)
{
    enum { TOLD_MOST = 10 };
    for (size_t i = 0; i < offers->list.count && i < TOLD_MOST; i++)
        str_add_format(text, "%s%s", i ? ", " : "", offers->list.at[i].name);
    if (offers->list.count > TOLD_MOST)
        str_add(text, ", ...");
}

const struct offer *offers_find(const struct offers *offers, const char *name, struct error *error)
{
    const struct offer *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < offers->list.count; i++)
        if (is_wanted(offers->list.at + i, name)) {
            found = offers->list.at + i;
            count++;
        }
    if (count == 1)
        return found;
    struct str names = {0};
    names_add(offers, &names);
    if (!offers->list.count)
        error_set(error, ERROR_READ, "no recording is there");
    else if (!count && *name)
        error_set(error, ERROR_READ, "there is no recording '%.200s'; there are: %s", name, str_text(&names));
    else if (!count)
        error_set(error, ERROR_READ, "no recording runs; there are: %s", str_text(&names));
    else
        error_set(error, ERROR_READ, "there is more than one recording%s%.200s%s, name one: %s", *name ? " '" : "", name, *name ? "'" : "", str_text(&names));
    str_done(&names);
    return NULL;
}

void offers_done(struct offers *offers)
{
    for (size_t i = 0; i < offers->list.count; i++) {
        memory_free(offers->list.at[i].path);
        memory_free(offers->list.at[i].name);
    }
    vec_done(&offers->list);
    vec_done(&offers->others);
    map_done(&offers->silent);
}
