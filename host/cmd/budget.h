/* budget: in what is allowed and the tables of a trace, out whether each allowance is kept, and who stands behind those that are not. */
#ifndef HOST_CMD_BUDGET_H
#define HOST_CMD_BUDGET_H

#include "baseline.h"
#include "host/export/findings.h"
#include "host/view/gate.h"

enum budget_verdict { BUDGET_KEPT, BUDGET_BROKEN, BUDGET_UNKNOWN };

struct budget {
    const char *name;  /* "peak", "peak-growth", or the condition as it was written */
    const char *title; /* for people */
    struct gate gate;  /* what breaks it; of a growth only its table is used */
    int figure;        /* enum figure; -1: a condition on another table */
    bool is_growth;
    struct finding_rule rule;
    /* after budgets_judge */
    enum budget_verdict verdict;
    const char *why;   /* why it is not known */
    struct column column; /* of value and limit */
    double value, limit;
    const struct table *table; /* where the value stands */
    size_t row;
};

/* Someone behind a broken budget. */
struct culprit {
    const struct budget *budget;
    uint32_t stack;
    double amount, before;
};

struct budgets_wish {
    const char *const *most;         /* by figure; NULL where nothing is said */
    const struct opt_list *conditions; /* that must hold: "TABLE[ROW].COLUMN<=VALUE" */
    const struct opt_list *baselines;
    const char *growth;              /* "5%" */
    bool all_figures;                /* they are to be saved */
    const struct allocator_wish *replay; /* NULL: the figures are those of the recorded run */
};

/* Zero-filled is empty. */
struct budgets {
    VEC(struct budget) list;
    VEC(struct culprit) culprits; /* by budget, the largest first */
    VEC(struct baseline) baselines;
    struct wanted_tables tables;  /* NULL-terminated */
    double growth;
    bool is_replayed;
    struct arena arena;
};

/* Before the trace is read, so that a wrong wish is said then. budgets_done ends it, also after a failure. */
bool budgets_open(struct budgets *budgets, const struct budgets_wish *wish, const struct page_options *names, struct error *error);
/* All tables of the reading must live as long as the budgets. */
bool budgets_judge(struct budgets *budgets, const struct figures *figures, const struct reading *reading, struct error *error);
/* Whether one is about the smallest arena of a replay, which takes many replays to find. */
bool budgets_need_fit(const struct budgets *budgets);
size_t budgets_count(const struct budgets *budgets, enum budget_verdict verdict);
/* "72.1 KiB" */
void budget_text(struct str *out, const struct budget *budget, const struct view *view, double value);
/* One sentence about how it stands. */
void budget_sentence(struct str *out, const struct budget *budget, const struct view *view);
void budgets_find(const struct budgets *budgets, struct findings *findings, const struct view *view);
void budgets_done(struct budgets *budgets);

#endif
