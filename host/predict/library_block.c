/* library_block: libstdc++'s own functions allocate text, and one pool for exceptions when it is loaded. */
#include "library_block.h"

#include <string.h>

enum { DEPTH_MOST = 4 };

/* libsupc++/eh_alloc.cc: that many exceptions of that size, each with the head of a dependent one; there is no libstdc++ where int has 16 bits. */
static int64_t exception_pool(const struct data_model *model)
{
    if (model->int_bytes < 4)
        return 0;
    return model->long_bytes == 8 ? 64 * (1024 + 112) : 32 * (512 + 80);
}

static bool is_text(const char *symbol, char letter)
{
    static const char *const holders[] = {"NSt7__cxx1112basic_stringI",
                                          "NKSt7__cxx1112basic_stringI",
                                          "NSt7__cxx1115basic_stringbufI",
                                          "NSt13basic_filebufI",
                                          "NSt7__cxx1118basic_stringstreamI",
                                          "NSt7__cxx1119basic_ostringstreamI",
                                          "NSbI",
                                          "NSsC"};
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
        const char *found = strstr(symbol, holders[i]);
        if (found && (found[strlen(holders[i])] == letter || (letter == 'c' && i == sizeof holders / sizeof *holders - 1)))
            return true;
    }
    return false;
}

static struct form text_form(const struct data_model *host, const struct data_model *target, bool is_wide)
{
    struct form unit = is_wide ? form_both(host->wchar_bytes, target->wchar_bytes) : form_both(1, 1), number = form_number(1, true);
    return form_join("*", 1, &unit, &number);
}

const char *library_block_find(const struct call_frame *frames, unsigned count, const struct data_model *host, const struct data_model *target, uint64_t size,
                               struct form *form)
{
    for (unsigned i = 0; i < count && i < DEPTH_MOST && frames[i].module && frames[i].module->is_cxx_library; i++) {
        const char *symbol = frames[i].function ? frames[i].function : "";
        if (is_text(symbol, 'c') || is_text(symbol, 'w')) {
            *form = text_form(host, target, !is_text(symbol, 'c'));
            return "text of the C++ library";
        }
    }
    if (!count || !frames[0].module || !frames[0].module->is_cxx_library || size != (uint64_t)exception_pool(host))
        return NULL;
    *form = form_both(exception_pool(host), exception_pool(target));
    return "the C++ library's pool for exceptions";
}
