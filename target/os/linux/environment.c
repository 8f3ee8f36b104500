/* environment: in what a program is about to exec with, out the same with our variables put back (children are followed) or taken out (they are not).
 *
 * A vfork child shares its parent's memory, so nothing is kept: the new list lies on the caller's stack, what it needs of ours was noted before main. */
#include "environment.h"

#include "os.h"

#include "target/process/port_process.h"

#include <stdlib.h>
#include <string.h>

#define PRELOAD "LD_PRELOAD="

/* "NAME=value" as this process was started; "" if it was not. */
static char session_variable[4096], library_variable[4096];
static const char *library_path = "";

static void note(char *to, size_t room, const char *name, const char *value)
{
    if (!value || strlen(name) + strlen(value) + 2 > room)
        return;
    strcpy(to, name);
    strcat(to, "=");
    strcat(to, value);
}

static void note_both(const char *session, const char *library)
{
    note(session_variable, sizeof session_variable, HT_ENV_SESSION, session);
    note(library_variable, sizeof library_variable, HT_ENV_LIBRARY, library);
    if (*library_variable)
        library_path = library_variable + sizeof HT_ENV_LIBRARY;
}

__attribute__((constructor)) static void environment_note(void)
{
    if (*session_variable) /* an earlier constructor allocated and a session was adopted; getenv would give the text that is written over */
        return;
    note_both(getenv(HT_ENV_SESSION), getenv(HT_ENV_LIBRARY));
}

/* A list of our own takes the place of the old one: setenv would allocate, here in the middle of what may be an allocation. */
void ht__environment_adopt(const char *session, const char *library)
{
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **variables = ht__pages_get((count + 3) * sizeof *variables, 0);
    note_both(session, library);
    if (variables == MAP_FAILED)
        return;
    for (size_t i = 0; i < count; i++)
        if (!ht__is_named(environ[i], HT_ENV_SESSION) && !ht__is_named(environ[i], HT_ENV_LIBRARY))
            variables[kept++] = environ[i];
    variables[kept++] = session_variable;
    variables[kept++] = library_variable;
    environ = variables;
}

/* Where `path` stands in a list that is separated by colons or blanks, NULL nowhere. */
static const char *find_path(const char *list, const char *path)
{
    size_t bytes = strlen(path);
    for (const char *at = list; bytes && (at = strstr(at, path)); at += bytes)
        if ((at == list || at[-1] == ':' || at[-1] == ' ') && (!at[bytes] || at[bytes] == ':' || at[bytes] == ' '))
            return at;
    return NULL;
}

static bool follows(void)
{
    return !ht__session || ht__session->flags & HT_SESSION_FOLLOW;
}

struct environment_plan ht__environment_plan(char *const variables[])
{
    struct environment_plan plan = {.follow = follows()};
    bool session = false, library = false, preload = false;
    if (!*session_variable || !*library_path)
        return plan;
    for (; variables && variables[plan.count]; plan.count++) {
        const char *variable = variables[plan.count];
        session |= plan.follow ? !strcmp(variable, session_variable) : ht__is_named(variable, HT_ENV_SESSION);
        library |= plan.follow ? !strcmp(variable, library_variable) : ht__is_named(variable, HT_ENV_LIBRARY);
        if (strncmp(variable, PRELOAD, sizeof PRELOAD - 1))
            continue;
        plan.preload_bytes = strlen(variable) + strlen(library_path) + 2;
        preload |= find_path(variable + sizeof PRELOAD - 1, library_path) != NULL;
    }
    plan.change = plan.follow ? !(session && library && preload) : session || library || preload;
    if (!plan.preload_bytes)
        plan.preload_bytes = sizeof PRELOAD + strlen(library_path);
    return plan;
}

static void write_preload(char *to, const char *old, bool follow)
{
    strcpy(to, PRELOAD);
    const char *ours = find_path(old, library_path);
    if (follow) {
        if (!ours) {
            strcat(to, library_path);
            strcat(to, *old ? ":" : "");
        }
        strcat(to, old);
    } else if (ours) {
        const char *rest = ours + strlen(library_path);
        strncat(to, old, (size_t)(ours - old));
        strcat(to, rest + (*rest != 0));
    } else
        strcat(to, old);
}

void ht__environment_write(struct environment_plan plan, char *const variables[], char **to, char *preload)
{
    size_t count = 0;
    bool put = false;
    for (size_t i = 0; i < plan.count; i++) {
        if (ht__is_named(variables[i], HT_ENV_SESSION) || ht__is_named(variables[i], HT_ENV_LIBRARY))
            continue;
        if (strncmp(variables[i], PRELOAD, sizeof PRELOAD - 1)) {
            to[count++] = variables[i];
            continue;
        }
        if (put) /* the loader takes the last of a name; ours is in it already */
            continue;
        write_preload(preload, variables[i] + sizeof PRELOAD - 1, plan.follow);
        put = true;
        if (preload[sizeof PRELOAD - 1])
            to[count++] = preload;
    }
    if (plan.follow) {
        if (!put) {
            write_preload(preload, "", true);
            to[count++] = preload;
        }
        to[count++] = session_variable;
        to[count++] = library_variable;
    }
    to[count] = NULL;
}
