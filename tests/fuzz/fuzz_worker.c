/* fuzz_worker: in any bytes as what a process wrote that hostile debug data has taken over, out answers that make sense. */
#include "host/symbol/worker.c"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct worker worker;
    struct spots spots = {0};
    enum object_state state;
    int pair[2];
    if (size > 64 * 1024 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || !send_all(pair[1], data, size))
        return 0;
    close(pair[1]);
    worker = (struct worker){.fd = pair[0]};
    while (take_answer(&worker, &state, &spots)) {
        for (size_t i = 0; i < spots.list.count; i++)
            if ((spots.list.at[i].function && strlen(spots.list.at[i].function) > TEXT_LIMIT) || state > OBJECT_HARMFUL)
                abort();
        spots_clear(&spots);
    }
    spots_clear(&spots);
    vec_done(&spots.list);
    close(pair[0]);
    return 0;
}
