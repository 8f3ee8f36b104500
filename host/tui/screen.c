/* screen: in texts with places and roles, out a terminal that shows them. */
#include "screen.h"

#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/utf8.h"

extern int setupterm(const char *name, int file, int *found); /* term.h has macros named columns and lines */

static SCREEN *terminal;
static FILE *keys;
static attr_t attributes[TUI_ROLES];
static short pairs[TUI_ROLES];
static bool has_unicode;

static void roles_set(enum theme theme)
{
    bool wants_colours = has_colors() && !(getenv("NO_COLOR") && *getenv("NO_COLOR"));
    if (wants_colours) {
        start_color();
        use_default_colors();
    }
    for (short role = 0; role < TUI_ROLES; role++) {
        struct theme_paint paint = theme_paint(theme, (enum tui_role)role, wants_colours ? COLORS : 0);
        pairs[role] = 0;
        attributes[role] = (paint.bold ? A_BOLD : 0) | (paint.dim ? A_DIM : 0) | (paint.reverse ? A_REVERSE : 0) | (paint.underline ? A_UNDERLINE : 0);
        if (!wants_colours || (paint.foreground < 0 && paint.background < 0))
            continue;
        init_pair((short)(role + 1), paint.foreground, paint.background);
        pairs[role] = (short)(role + 1);
    }
}

/* curses would end the process by itself where it does not know the terminal. */
bool screen_check(struct error *error)
{
    const char *name = getenv("TERM");
    int found = 0;
    if (!isatty(STDOUT_FILENO))
        return error_set(error, ERROR_USAGE, "standard output is no terminal; 'heaptracer monitor' prints lines, 'heaptracer analyze' tables");
    if (!name || !*name || !strcmp(name, "dumb"))
        return error_set(error, ERROR_USAGE, "this terminal (TERM=%s) cannot be painted on; 'heaptracer monitor' prints lines, 'heaptracer analyze' tables", name ? name : "");
    if (setupterm(name, STDOUT_FILENO, &found) != OK || !tigetstr("cup"))
        return error_set(error, ERROR_USAGE, "the terminal '%s' is not known here, or cannot be painted on: set TERM, or install ncurses-term", name);
    return true;
}

static void screen_leave(void)
{
    if (terminal && !isendwin())
        endwin();
}

bool screen_open(enum theme theme, struct error *error)
{
    setlocale(LC_CTYPE, "");
    has_unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
    if (!screen_check(error))
        return false;
    keys = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
    if (!keys)
        return error_set_errno(error, ERROR_USAGE, "there is no terminal to read keys from");
    terminal = newterm(NULL, stdout, keys);
    if (!terminal)
        return error_set(error, ERROR_USAGE, "the terminal '%s' cannot be painted on", getenv("TERM"));
    atexit(screen_leave); /* whatever ends us, the terminal is as it was */
    set_escdelay(25);
    cbreak();
    noecho();
    nonl();
    curs_set(0);
    keypad(stdscr, TRUE);
    mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    mouseinterval(0);
    roles_set(theme);
    return true;
}

void screen_close(void)
{
    screen_leave();
    if (terminal)
        delscreen(terminal);
    terminal = NULL;
    if (keys && keys != stdin)
        fclose(keys);
    keys = NULL;
}

size_t screen_rows(void)
{
    return LINES > 0 ? (size_t)LINES : 0;
}

size_t screen_columns(void)
{
    return COLS > 0 ? (size_t)COLS : 0;
}

bool screen_has_unicode(void)
{
    return has_unicode;
}

void screen_clear(void)
{
    erase();
}

size_t screen_put(size_t row, size_t column, size_t columns, enum tui_role role, const char *text)
{
    if (row >= screen_rows() || column >= screen_columns())
        return 0;
    if (columns > screen_columns() - column)
        columns = screen_columns() - column;
    size_t bytes = utf8_fit(text, columns), used = columns;
    attr_set(attributes[role], pairs[role], NULL);
    mvaddnstr((int)row, (int)column, text, (int)bytes);
    if (!text[bytes])
        used = utf8_columns(text);
    if (used < columns)
        printw("%*s", (int)(columns - used), "");
    attr_set(A_NORMAL, 0, NULL);
    return used;
}

void screen_show(void)
{
    refresh();
}

static int key_own(int key)
{
    static const struct {
        int curses, own;
    } names[] = {{KEY_UP, SCREEN_UP},         {KEY_DOWN, SCREEN_DOWN},       {KEY_LEFT, SCREEN_LEFT},   {KEY_RIGHT, SCREEN_RIGHT},   {KEY_PPAGE, SCREEN_PAGE_UP},
                 {KEY_NPAGE, SCREEN_PAGE_DOWN}, {KEY_HOME, SCREEN_HOME},     {KEY_END, SCREEN_END},     {KEY_ENTER, SCREEN_ENTER},   {'\n', SCREEN_ENTER},
                 {'\r', SCREEN_ENTER},        {27, SCREEN_ESCAPE},           {'\t', SCREEN_TAB_NEXT},   {KEY_BTAB, SCREEN_TAB_BEFORE}, {KEY_BACKSPACE, SCREEN_ERASE},
                 {127, SCREEN_ERASE},         {8, SCREEN_ERASE},             {KEY_RESIZE, SCREEN_RESIZED}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].curses == key)
            return names[i].own;
    return key > 0 && key < 256 ? key : SCREEN_NOTHING;
}

static struct screen_event mouse_event(void)
{
    MEVENT mouse;
    if (getmouse(&mouse) != OK)
        return (struct screen_event){.key = SCREEN_NOTHING};
    int key = mouse.bstate & BUTTON4_PRESSED ? SCREEN_WHEEL_UP : mouse.bstate & BUTTON5_PRESSED ? SCREEN_WHEEL_DOWN : SCREEN_CLICK;
    return (struct screen_event){key, (size_t)mouse.y, (size_t)mouse.x};
}

static bool terminal_is_gone(void)
{
    struct pollfd at = {.fd = fileno(keys), .events = POLLIN};
    return poll(&at, 1, 0) > 0 && at.revents & (POLLHUP | POLLERR | POLLNVAL);
}

struct screen_event screen_key(int milliseconds)
{
    timeout(milliseconds);
    int key = getch();
    if (key == KEY_MOUSE)
        return mouse_event();
    if (key == ERR && terminal_is_gone())
        return (struct screen_event){.key = SCREEN_GONE};
    return (struct screen_event){.key = key == ERR ? SCREEN_NOTHING : key_own(key)};
}
