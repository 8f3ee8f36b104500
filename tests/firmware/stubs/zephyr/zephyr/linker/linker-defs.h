/* linker-defs: where the linker put the code, and the memory that is written to. */
#ifndef STUB_ZEPHYR_ZEPHYR_LINKER_LINKER_DEFS_H
#define STUB_ZEPHYR_ZEPHYR_LINKER_LINKER_DEFS_H

extern char _image_ram_start[], _image_ram_end[], __text_region_start[], __text_region_end[];

#endif
