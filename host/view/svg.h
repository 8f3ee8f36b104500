/* svg: in shapes and texts, out an SVG picture that reads well in light and in dark: colours are classes of a style sheet, text is text, names are escaped. */
#ifndef HOST_VIEW_SVG_H
#define HOST_VIEW_SVG_H

#include <stdio.h>

enum svg_theme { SVG_AUTO, SVG_LIGHT, SVG_DARK }; /* auto: as the reader's system wants it */

struct svg {
    FILE *out;
    double width, height;
};
enum { SVG_COLOURS = 8, SVG_HEATS = 9, SVG_FLAMES = 6, SVG_FONT = 12, SVG_TITLE_FONT = 17 };

/* Classes: "ink", "dim" texts; "grid", "axis" lines; "s0" to "s7" areas and "l0" to "l7" lines of series; "h0" to "h8" heat; "f0" to "f5" flames. */
void svg_begin(struct svg *svg, FILE *out, double width, double height, enum svg_theme theme, const char *title, const char *about);
void svg_end(struct svg *svg);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
void svg_text(struct svg *svg, double x, double y, enum svg_anchor anchor, const char *css, const char *text);
/* The text is cut to `room` pixels; nothing is drawn where not even some letters fit. */
void svg_text_in(struct svg *svg, double x, double y, double room, enum svg_anchor anchor, const char *css, const char *text);
/* `about`: shown when pointed at; may be NULL. */
void svg_rect(struct svg *svg, double x, double y, double width, double height, const char *css, const char *about);
void svg_line(struct svg *svg, double x1, double y1, double x2, double y2, const char *css);
void svg_circle(struct svg *svg, double x, double y, double radius, const char *css);
/* A path of points: begin, add, end. */
void svg_path_begin(struct svg *svg);
void svg_path_add(struct svg *svg, double x, double y, int is_first);
void svg_path_end(struct svg *svg, int is_closed, const char *css);
/* About how wide a text of that font is; letters are not measured, since the reader's font is not known. */
double svg_text_width(const char *text, double font);
void svg_escape(FILE *out, const char *text);

#endif
