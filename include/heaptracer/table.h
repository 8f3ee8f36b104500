/* table: the answer of an analysis: columns with name, unit and kind; rows of cells. Any view shows any table, any export writes it.
 * Shapes: ROWS a list; SERIES rows ordered by their first column (time); TREE rows with a parent row; MAP rows whose first two columns are start and end addresses. */
#ifndef HEAPTRACER_TABLE_H
#define HEAPTRACER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum table_shape { TABLE_ROWS, TABLE_SERIES, TABLE_TREE, TABLE_MAP };

enum column_kind {
    COLUMN_TEXT,     /* cell.text, never NULL */
    COLUMN_COUNT,    /* cell.u */
    COLUMN_BYTES,    /* cell.u */
    COLUMN_TIME,     /* cell.u: ns since the start of the session */
    COLUMN_DURATION, /* cell.u: ns */
    COLUMN_RATIO,    /* cell.f: 1.0 is 100 % */
    COLUMN_REAL,     /* cell.f, with column.unit */
    COLUMN_ADDRESS,  /* cell.u */
    COLUMN_STACK,    /* cell.u: stack id; a view resolves it to frames */
    COLUMN_FRAME,    /* cell.u: stack id of which only the innermost frame is meant (trees) */
    COLUMN_SIGNED_BYTES, /* cell.i */
    COLUMN_SIGNED_COUNT, /* cell.i */
};

struct column {
    const char *name;   /* snake_case, unique in the table: the key in JSON, CSV and budgets */
    const char *title;  /* for people */
    const char *unit;   /* "" or e.g. "events/s"; "id": the number is a name, not an amount */
    const char *about;  /* what the number is, with its formula: one sentence */
    enum column_kind kind;
};

union cell {
    uint64_t u;
    int64_t i;
    double f;
    const char *text;
};

enum { TABLE_NO_PARENT = 0xFFFFFFFFu };

struct table {
    const char *name, *title;
    const char *about;             /* definition and formula */
    enum table_shape shape;
    const struct column *columns;
    size_t column_count, row_count;
    union cell *cells;             /* row by row; owned by the table */
    uint32_t *parents;             /* TREE: row of the parent, which stands earlier, or TABLE_NO_PARENT */
    size_t row_room;
    size_t more_rows;              /* that there are behind the last one, but not here */
    char *note;                    /* "" or what a reader must know (rows left out, events lost, unknown frees); owned */
    struct table_text *texts;      /* owned texts of cells */
    struct column *own_columns;    /* NULL, or what `columns` points to */
};

void table_init(struct table *table, const char *name, const char *title, const char *about, enum table_shape shape, const struct column *columns, size_t column_count);
/* A new zeroed row; valid until the next one. */
union cell *table_row(struct table *table);
union cell *table_child(struct table *table, uint32_t parent);
/* A copy that lives as long as the table. */
const char *table_text(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_note(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline union cell *table_at(const struct table *table, size_t row) { return table->cells + row * table->column_count; }
/* A cell as a real number, for order, bars and sums; 0 for texts. */
double table_real(const struct column *column, union cell cell);
/* One more column, the last; its cells are zero and to be filled by the caller. */
void table_add_column(struct table *table, const struct column *column);
/* Column number, or -1. */
int table_find_column(const struct table *table, const char *name);
/* Sorts ROWS by a column; `limit` rows stay (0 all) and a note says how many went. */
void table_sort(struct table *table, size_t column, bool descending, size_t limit);
/* The first `limit` rows stay (0 all); the note says so. */
void table_limit(struct table *table, size_t limit);
void table_done(struct table *table);

#endif
