/* report_sites: in the model, its tables and time slices, out the columns of a report that tell of every site. */
#ifndef HOST_VIEW_REPORT_SITES_H
#define HOST_VIEW_REPORT_SITES_H

#include "host/analysis/slices.h"
#include "report_stacks.h"

enum { REPORT_SITES_MOST = 100000, REPORT_CELLS_MOST = 200000 };

struct report_sites {
    uint32_t *order;  /* the sites of the report, those that matter most first: by their shares of allocated, of never freed and of the peak */
    uint32_t *places; /* by site: its place in the report; those that do not get one share the last */
    size_t count;     /* places, with the last one if there are `merged` */
    size_t merged;    /* sites that share it */
};

void report_sites_choose(struct report_sites *sites, const struct model *model);
/* `lifetimes` is the table of that name, or NULL. `ids`: by site, what its stack is in the report's symbols; NULL: what the model says. */
void report_sites_put(const struct report_sites *sites, struct json *json, const struct model *model, const uint32_t *ids, struct report_stacks *stacks,
                      const struct table *lifetimes);
void report_slices_put(struct json *json, const struct slices_answer *slices);
void report_sites_done(struct report_sites *sites);

#endif
