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

static size_t width_find(const struct terminal_config *config, bool is_terminal)
{
    struct winsize size = {0};
    const char *columns = variable("COLUMNS");
    size_t width = config->width;
    if (!width && columns && is_terminal)
        width = strtoul(columns, NULL, 10);
    if (!width && is_terminal && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
        width = size.ws_col;
    if (!width)
        width = TERMINAL_WIDTH;
    return width < TERMINAL_WIDTH_LEAST ? TERMINAL_WIDTH_LEAST : width;
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
    bool is_terminal = !config->path && isatty(STDOUT_FILENO);
    setlocale(LC_CTYPE, "");
    *terminal = (struct terminal){.out = stdout, .path = config->path, .is_file = config->path != NULL};
    terminal->width = width_find(config, is_terminal);
    terminal->has_colour = colour_find(config, is_terminal);
    terminal->has_unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
    if (config->path) {
        terminal->out = fopen(config->path, "w");
        return terminal->out || error_set_errno(error, ERROR_WRITE, "cannot write '%s'", config->path);
    }
    FILE *pager = is_terminal && !config->no_pager ? pager_start() : NULL;
    if (pager) {
        terminal->out = pager;
        terminal->is_paged = true;
    }
    return true;
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
