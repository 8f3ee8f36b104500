/* attendant: in one viewer's connection, out what it asks for: lists, bytes of traces and modules, memory, answers of recorders. Bounded in time and memory. */
#ifndef HOST_REMOTE_ATTENDANT_H
#define HOST_REMOTE_ATTENDANT_H

#include "greeting.h"
#include "offers.h"

struct attendant_config {
    struct greeting_agent greeting;
    struct offers *offers;
    const volatile sig_atomic_t *interrupted;
};

/* Until the viewer leaves, which is no failure, or does what no viewer does. Closes the socket. */
bool attendant_run(int socket, const struct attendant_config *config, struct error *error);

#endif
