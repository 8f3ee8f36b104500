/* flash: in the ELF file that a firmware was made from, out the bytes that lie at its addresses, its texts, and what it is. */
#ifndef HOST_DEVICE_FLASH_H
#define HOST_DEVICE_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

#include "host/base/error.h"
#include "host/base/str.h"

enum { FLASH_BUILD_ID_BYTES = 20, FLASH_TEXT_MOST = 4096 };

struct flash;

/* NULL and `error` if it is no ELF file that can be read. */
struct flash *flash_open(const char *path, struct error *error);
const char *flash_path(const struct flash *flash);
unsigned flash_machine(const struct flash *flash); /* EM_ of <elf.h> */
Elf *flash_elf(const struct flash *flash);
/* How many; 0: it has none. */
uint32_t flash_build_id(const struct flash *flash, uint8_t id[FLASH_BUILD_ID_BYTES]);
/* Where code is: the lowest address and the one behind the highest. */
void flash_code_range(const struct flash *flash, uint64_t *start, uint64_t *end);
bool flash_is_code(const struct flash *flash, uint64_t address);
/* The bytes that lie there before the program runs; false if the file does not have them all. */
bool flash_bytes(const struct flash *flash, uint64_t address, void *to, size_t count);
/* The text that a pointer of the program's data points to, ended by a 0, cut at FLASH_TEXT_MOST; false if there is none. */
bool flash_text(const struct flash *flash, uint64_t pointer, struct str *text);
void flash_close(struct flash *flash);

#endif
