/* terminal: in the environment and the user's wishes, out where the page goes and how it may look. */
#include "terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

static void size_find(struct terminal *terminal, const struct terminal_config *config)
{
    struct winsize size = {0};
    const char *columns = variable("COLUMNS");
    if (terminal->is_terminal)
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    terminal->height = size.ws_row;
    terminal->width = config->width ? config->width : columns && terminal->is_terminal ? strtoul(columns, NULL, 10) : size.ws_col;
    if (!terminal->width || terminal->width > TERMINAL_WIDTH_MOST)
        terminal->width = TERMINAL_WIDTH;
    if (terminal->width < TERMINAL_WIDTH_LEAST)
        terminal->width = TERMINAL_WIDTH_LEAST;
}

static bool colour_find(const struct terminal_config *config, bool is_terminal)
{
    const char *kind = variable("TERM");
    if (config->colour != TERMINAL_COLOUR_AUTO)
        return config->colour == TERMINAL_COLOUR_ALWAYS;
    return is_terminal && kind && strcmp(kind, "dumb") && !variable("NO_COLOR");
}

/* As git does it: $PAGER, else less, which leaves a short page alone (F), keeps colours (R) and the page on the screen (X). */
static FILE *pager_start(void)
{
    const char *pager = variable("HEAPTRACER_PAGER");
    if (!pager)
        pager = variable("PAGER");
    if (!pager)
        pager = "less";
    if (!strcmp(pager, "cat"))
        return NULL;
    setenv("LESS", "FRX", 0);
    signal(SIGPIPE, SIG_IGN); /* the reader may quit before the end */
    fflush(stdout);
    return popen(pager, "w");
}

bool terminal_open(struct terminal *terminal, const struct terminal_config *config, struct error *error)
{
    setlocale(LC_CTYPE, "");
    *terminal = (struct terminal){.out = stdout, .path = config->path, .is_file = config->path != NULL};
    terminal->is_terminal = !config->path && isatty(STDOUT_FILENO);
    size_find(terminal, config);
    terminal->has_colour = colour_find(config, terminal->is_terminal);
    terminal->has_unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
    if (!config->path)
        return true;
    terminal->out = fopen(config->path, "w");
    return terminal->out || error_set_errno(error, ERROR_WRITE, "cannot write '%s'", config->path);
}

void terminal_start_pager(struct terminal *terminal)
{
    FILE *pager = terminal->is_terminal ? pager_start() : NULL;
    if (pager) {
        terminal->out = pager;
        terminal->is_paged = true;
    }
}

bool terminal_close(struct terminal *terminal, struct error *error)
{
    if (terminal->is_paged) {
        pclose(terminal->out);
        return true;
    }
    bool has_failed = ferror(terminal->out) || fflush(terminal->out);
    int code = errno;
    if (terminal->is_file)
        has_failed |= fclose(terminal->out) != 0;
    errno = code;
    return !has_failed || error_set_errno(error, ERROR_WRITE, "cannot write all of '%s'", terminal->path ? terminal->path : "standard output");
}
