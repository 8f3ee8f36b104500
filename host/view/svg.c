/* svg: in shapes and texts, out an SVG picture. No custom properties and no variables: the style sheet must work in every viewer. */
#include "svg.h"

#include <string.h>

#include "host/base/utf8.h"

struct palette {
    const char *paper, *ink, *dim, *grid, *axis, *edge;
    const char *series[SVG_COLOURS], *heat[SVG_HEATS], *flame[SVG_FLAMES];
};

/* The series after Okabe and Ito: told apart also by the colour-blind. */
static const struct palette light = {
    "#ffffff", "#1b2027", "#5b6673", "#e3e7ec", "#9aa4af", "#ffffff",
    {"#0b6bb3", "#d9730d", "#10805e", "#b1508c", "#3f9ac9", "#a63d2f", "#8a7a12", "#6b7480"},
    {"#f2f5f9", "#dbe7f3", "#bcd5ea", "#94bede", "#66a2cf", "#3f85bd", "#2368a3", "#124c82", "#08335d"},
    {"#f6c28b", "#f2ae72", "#f0b99a", "#eea06a", "#f3cf98", "#e8a98a"},
};
static const struct palette dark = {
    "#14181d", "#e8ecf1", "#9ba7b4", "#2a313a", "#56616d", "#14181d",
    {"#58aef0", "#f0a04b", "#3fc198", "#e08cc0", "#8ad0f0", "#ef8a7a", "#d6c65a", "#9ba7b4"},
    {"#1d242c", "#19334d", "#1a466c", "#1f5b8b", "#2a72a9", "#418cc4", "#66a8d8", "#95c6ea", "#cfe6f8"},
    {"#8a4b1f", "#96551f", "#7d4630", "#a05f25", "#86591f", "#7a4a3a"},
};

static void palette_put(FILE *out, const struct palette *palette)
{
    fprintf(out, ".paper{fill:%s}.ink{fill:%s}.dim{fill:%s}.grid{stroke:%s}.axis{stroke:%s}.edge{stroke:%s}.mark{stroke:%s}\n", palette->paper, palette->ink, palette->dim,
            palette->grid, palette->axis, palette->edge, palette->ink);
    for (int i = 0; i < SVG_COLOURS; i++)
        fprintf(out, ".s%d{fill:%s}.l%d{stroke:%s}", i, palette->series[i], i, palette->series[i]);
    for (int i = 0; i < SVG_HEATS; i++)
        fprintf(out, ".h%d{fill:%s}", i, palette->heat[i]);
    for (int i = 0; i < SVG_FLAMES; i++)
        fprintf(out, ".f%d{fill:%s}", i, palette->flame[i]);
    putc('\n', out);
}

static void style_put(FILE *out, enum svg_theme theme)
{
    fprintf(out, "<style>\ntext{font:%dpx system-ui,-apple-system,'Segoe UI','Liberation Sans',Arial,sans-serif}.title{font-size:%dpx;font-weight:600}.small{font-size:11px}"
                 ".grid,.axis,.mark{stroke-width:1;fill:none}.mark{stroke-dasharray:3 3}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.soft{fill-opacity:.42}"
                 ".edge{stroke-width:1}.crisp{shape-rendering:crispEdges}\n",
            SVG_FONT, SVG_TITLE_FONT);
    palette_put(out, theme == SVG_DARK ? &dark : &light);
    if (theme == SVG_AUTO) {
        fputs("@media (prefers-color-scheme:dark){\n", out);
        palette_put(out, &dark);
        fputs("}\n", out);
    }
    fputs("</style>\n", out);
}

void svg_escape(FILE *out, const char *text)
{
    struct str clean = {0};
    utf8_add_clean(&clean, text);
    for (const char *at = str_text(&clean); *at; at++) {
        if (*at == '&' || *at == '<' || *at == '>' || *at == '"')
            fprintf(out, "&#%d;", *at);
        else
            putc(*at, out);
    }
    str_done(&clean);
}

void svg_begin(struct svg *svg, FILE *out, double width, double height, enum svg_theme theme, const char *title, const char *about)
{
    *svg = (struct svg){out, width, height};
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" role=\"img\" aria-labelledby=\"ht-title ht-desc\">\n", width,
            height, width, height);
    fputs("<title id=\"ht-title\">", out);
    svg_escape(out, title);
    fputs("</title>\n<desc id=\"ht-desc\">", out);
    svg_escape(out, about);
    fputs("</desc>\n", out);
    style_put(out, theme);
    svg_rect(svg, 0, 0, width, height, "paper", NULL);
}

void svg_end(struct svg *svg)
{
    fputs("</svg>\n", svg->out);
}

double svg_text_width(const char *text, double font)
{
    return (double)utf8_columns(text) * font * 0.56;
}

void svg_text(struct svg *svg, double x, double y, enum svg_anchor anchor, const char *css, const char *text)
{
    static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    fprintf(svg->out, "<text x=\"%.1f\" y=\"%.1f\"%s class=\"%s\">", x, y, anchors[anchor], css);
    svg_escape(svg->out, text);
    fputs("</text>\n", svg->out);
}

void svg_text_in(struct svg *svg, double x, double y, double room, enum svg_anchor anchor, const char *css, const char *text)
{
    enum { LEAST = 3 };
    struct str clean = {0}, cut = {0};
    utf8_add_clean(&clean, text);
    double columns = room / (SVG_FONT * 0.56);
    if (columns >= (double)utf8_columns(str_text(&clean))) {
        svg_text(svg, x, y, anchor, css, str_text(&clean));
    } else if (columns >= LEAST) {
        str_add_bytes(&cut, str_text(&clean), utf8_fit(str_text(&clean), (size_t)columns - 1));
        str_add(&cut, "…");
        svg_text(svg, x, y, anchor, css, str_text(&cut));
    }
    str_done(&clean);
    str_done(&cut);
}

void svg_rect(struct svg *svg, double x, double y, double width, double height, const char *css, const char *about)
{
    fprintf(svg->out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" class=\"%s\"", x, y, width > 0 ? width : 0, height > 0 ? height : 0, css);
    if (about) {
        fputs("><title>", svg->out);
        svg_escape(svg->out, about);
        fputs("</title></rect>\n", svg->out);
    } else {
        fputs("/>\n", svg->out);
    }
}

void svg_line(struct svg *svg, double x1, double y1, double x2, double y2, const char *css)
{
    fprintf(svg->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, css);
}

void svg_circle(struct svg *svg, double x, double y, double radius, const char *css)
{
    fprintf(svg->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, radius, css);
}

void svg_path_begin(struct svg *svg)
{
    fputs("<path d=\"", svg->out);
}

void svg_path_add(struct svg *svg, double x, double y, int is_first)
{
    fprintf(svg->out, "%c%.1f %.1f", is_first ? 'M' : 'L', x, y);
}

void svg_path_end(struct svg *svg, int is_closed, const char *css)
{
    fprintf(svg->out, "%s\" class=\"%s\"/>\n", is_closed ? "Z" : "", css);
}
