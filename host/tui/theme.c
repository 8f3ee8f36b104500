/* theme: roles to colours. What a colour says is also said by a sign, a weight or a word, so that no colours lose nothing. */
#include "theme.h"

struct theme_row {
    short many, few; /* of 256 colours, of 8; -1: the terminal's own */
    short many_back, few_back;
    bool bold, dim;
};

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, OWN = -1, FEW = 8 };

static const struct theme_row dark[TUI_ROLES] = {
    [TUI_PLAIN] = {OWN, OWN, OWN, OWN, false, false},      [TUI_TITLE] = {OWN, OWN, OWN, OWN, true, false},
    [TUI_DIM] = {245, OWN, OWN, OWN, false, true},         [TUI_FUNCTION] = {80, CYAN, OWN, OWN, false, false},
    [TUI_HOT] = {209, RED, OWN, OWN, true, false},         [TUI_GAUGE] = {114, GREEN, OWN, OWN, false, false},
    [TUI_NOTE] = {221, YELLOW, OWN, OWN, false, false},    [TUI_BAR] = {252, WHITE, 237, BLUE, false, false},
    [TUI_TAB] = {232, BLACK, 80, CYAN, true, false},         [TUI_HEAD] = {111, CYAN, OWN, OWN, true, false},
    [TUI_CURSOR] = {255, WHITE, 24, BLUE, true, false},      [TUI_FOLLOWED] = {221, YELLOW, OWN, OWN, true, false},
    [TUI_GREW] = {209, RED, OWN, OWN, false, false},         [TUI_SHRANK] = {114, GREEN, OWN, OWN, false, false},
    [TUI_ALARM] = {231, WHITE, 124, RED, true, false},
};

static const struct theme_row light[TUI_ROLES] = {
    [TUI_PLAIN] = {OWN, OWN, OWN, OWN, false, false},      [TUI_TITLE] = {OWN, OWN, OWN, OWN, true, false},
    [TUI_DIM] = {242, OWN, OWN, OWN, false, true},         [TUI_FUNCTION] = {24, BLUE, OWN, OWN, false, false},
    [TUI_HOT] = {124, RED, OWN, OWN, true, false},         [TUI_GAUGE] = {28, GREEN, OWN, OWN, false, false},
    [TUI_NOTE] = {94, MAGENTA, OWN, OWN, false, false},    [TUI_BAR] = {235, BLACK, 252, WHITE, false, false},
    [TUI_TAB] = {231, WHITE, 24, BLUE, true, false},         [TUI_HEAD] = {24, BLUE, OWN, OWN, true, false},
    [TUI_CURSOR] = {16, BLACK, 153, CYAN, true, false},      [TUI_FOLLOWED] = {94, MAGENTA, OWN, OWN, true, false},
    [TUI_GREW] = {124, RED, OWN, OWN, false, false},         [TUI_SHRANK] = {28, GREEN, OWN, OWN, false, false},
    [TUI_ALARM] = {231, WHITE, 124, RED, true, false},
};

static const struct theme_row contrast[TUI_ROLES] = {
    [TUI_PLAIN] = {231, WHITE, 16, BLACK, false, false},   [TUI_TITLE] = {231, WHITE, 16, BLACK, true, false},
    [TUI_DIM] = {231, WHITE, 16, BLACK, false, false},     [TUI_FUNCTION] = {51, CYAN, 16, BLACK, true, false},
    [TUI_HOT] = {226, YELLOW, 16, BLACK, true, false},     [TUI_GAUGE] = {46, GREEN, 16, BLACK, true, false},
    [TUI_NOTE] = {226, YELLOW, 16, BLACK, true, false},    [TUI_BAR] = {16, BLACK, 231, WHITE, true, false},
    [TUI_TAB] = {16, BLACK, 226, YELLOW, true, false},       [TUI_HEAD] = {51, CYAN, 16, BLACK, true, false},
    [TUI_CURSOR] = {16, BLACK, 226, YELLOW, true, false},    [TUI_FOLLOWED] = {226, YELLOW, 16, BLACK, true, false},
    [TUI_GREW] = {226, YELLOW, 16, BLACK, true, false},      [TUI_SHRANK] = {46, GREEN, 16, BLACK, true, false},
    [TUI_ALARM] = {231, WHITE, 196, RED, true, false},
};

/* Ethan Schoonover's palette, by the places that 256-colour terminals have for it. */
static const struct theme_row solarized[TUI_ROLES] = {
    [TUI_PLAIN] = {244, WHITE, 234, BLACK, false, false},  [TUI_TITLE] = {245, WHITE, 234, BLACK, true, false},
    [TUI_DIM] = {240, WHITE, 234, BLACK, false, false},    [TUI_FUNCTION] = {33, CYAN, 234, BLACK, false, false},
    [TUI_HOT] = {166, RED, 234, BLACK, true, false},       [TUI_GAUGE] = {64, GREEN, 234, BLACK, false, false},
    [TUI_NOTE] = {136, YELLOW, 234, BLACK, false, false},  [TUI_BAR] = {245, WHITE, 235, BLUE, false, false},
    [TUI_TAB] = {234, BLACK, 37, CYAN, true, false},         [TUI_HEAD] = {37, CYAN, 234, BLACK, true, false},
    [TUI_CURSOR] = {234, BLACK, 245, WHITE, true, false},    [TUI_FOLLOWED] = {136, YELLOW, 234, BLACK, true, false},
    [TUI_GREW] = {166, RED, 234, BLACK, false, false},       [TUI_SHRANK] = {64, GREEN, 234, BLACK, false, false},
    [TUI_ALARM] = {230, WHITE, 160, RED, true, false},
};

static struct theme_paint paint_mono(enum tui_role role)
{
    bool is_bar = role == TUI_BAR || role == TUI_CURSOR || role == TUI_ALARM;
    bool is_bold = role == TUI_TITLE || role == TUI_HOT || role == TUI_TAB || role == TUI_CURSOR || role == TUI_FOLLOWED || role == TUI_ALARM || role == TUI_GREW;
    return (struct theme_paint){OWN, OWN, is_bold, role == TUI_DIM, is_bar, role == TUI_HEAD};
}

struct theme_paint theme_paint(enum theme theme, enum tui_role role, int colours)
{
    static const struct theme_row *const themes[] = {[THEME_DARK] = dark, [THEME_LIGHT] = light, [THEME_HIGH_CONTRAST] = contrast, [THEME_SOLARIZED] = solarized};
    if (theme == THEME_MONO || colours < FEW)
        return paint_mono(role);
    const struct theme_row *row = themes[theme] + role;
    bool has_many = colours >= 256;
    return (struct theme_paint){has_many ? row->many : row->few, has_many ? row->many_back : row->few_back, row->bold, row->dim && !has_many, false, false};
}
