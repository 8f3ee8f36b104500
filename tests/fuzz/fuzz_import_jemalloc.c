/* fuzz_import_jemalloc: in any bytes, out the events that the importer of this format makes of them. */
#include "import_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return import_bytes_run("jemalloc", data, size);
}
