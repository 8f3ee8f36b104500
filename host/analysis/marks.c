/* marks: in the marks that the program set, out one row each. */
#include "answer.h"

enum { TIME, LABEL, PROCESS, THREAD };

static const struct column columns[] = {
    [TIME] = {"time_ns", "Time", "", "when the mark was set", COLUMN_TIME},
    [LABEL] = {"label", "Label", "", "as the program called it", COLUMN_TEXT},
    [PROCESS] = {"process", "Process", "id", "id of the process image that set it", COLUMN_COUNT},
    [THREAD] = {"thread", "Thread", "id", "id of the thread that set it", COLUMN_COUNT},
};

static void marks_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct mark *marks = model_marks(model, &count);
    for (size_t i = 0; i < count; i++) {
        union cell *row = table_row(table);
        row[TIME].u = marks[i].time_ns;
        row[LABEL].text = table_text(table, "%s", marks[i].label);
        row[PROCESS].u = marks[i].process;
        row[THREAD].u = marks[i].thread;
    }
}

const struct analysis analysis_marks = {
    .name = "marks",
    .title = "Marks",
    .about = "Moments that the program marked (ht_mark), in order; the first 65,536.",
    .shape = TABLE_SERIES,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = marks_answer,
};
