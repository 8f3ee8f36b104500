/* fail_sites: in a program's words, out what becomes of it when the first allocation of each of its sites is refused, a run for each. */
#ifndef HOST_CMD_FAIL_SITES_H
#define HOST_CMD_FAIL_SITES_H

#include "host/base/error.h"
#include "host/base/opt.h"

/* Its exit code: that of the first run, in which nothing is refused; CMD_FOUND if a run crashed or did not end. */
int fail_sites_run(const struct opt_words *words, struct error *error);

#endif
