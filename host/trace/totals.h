/* totals: in the ledger at the end of a trace, out its totals, with the sites that matter most. */
#ifndef HOST_TRACE_TOTALS_H
#define HOST_TRACE_TOTALS_H

#include "ledger.h"

/* Fills the ledger's totals; times are multiples of `tick_ns`, as in the trace. */
void totals_sum(struct ledger *ledger, uint64_t tick_ns);

#endif
