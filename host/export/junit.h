/* junit: in findings, out a JUnit report: what GitLab, Jenkins, GitHub's actions and most build servers show as tests. */
#ifndef HOST_EXPORT_JUNIT_H
#define HOST_EXPORT_JUNIT_H

#include <stdio.h>

#include "findings.h"

void junit_put(FILE *out, const struct findings *findings);

#endif
