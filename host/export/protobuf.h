/* protobuf: in fields, out a message in protobuf's wire form; nested messages are made beside and put in whole. */
#ifndef HOST_EXPORT_PROTOBUF_H
#define HOST_EXPORT_PROTOBUF_H

#include <stdint.h>

#include "host/base/str.h"

void protobuf_number(struct str *message, unsigned field, uint64_t value); /* also int64, bool; 0 is left out, as protobuf means it */
void protobuf_text(struct str *message, unsigned field, const char *text);
/* Puts `part` in as a nested message or as packed numbers, and clears it. */
void protobuf_part(struct str *message, unsigned field, struct str *part);
/* For packed numbers: one of them. */
void protobuf_packed(struct str *part, uint64_t value);

#endif
