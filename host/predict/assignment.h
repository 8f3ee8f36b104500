/* assignment: in a variable's name and the function that it is in, out its value as a form: by what is assigned to it before, or by what a caller gives. */
#ifndef HOST_PREDICT_ASSIGNMENT_H
#define HOST_PREDICT_ASSIGNMENT_H

#include "sizing.h"

/* `param`: its number among the function's parameters, -1: it is none. */
struct form assignment_value(struct sizing *sizing, const struct size_scope *scope, const struct token *name, int param);

#endif
