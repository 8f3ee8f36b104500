/* sarif: in findings, out a SARIF 2.1.0 log: what code scanning of GitHub, Azure DevOps and editors read. */
#ifndef HOST_EXPORT_SARIF_H
#define HOST_EXPORT_SARIF_H

#include <stdio.h>

#include "findings.h"

void sarif_put(FILE *out, const struct findings *findings);

#endif
