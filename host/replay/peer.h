/* peer: in a list of requests, out what a real allocator of this machine makes of them. It lives in a child process, the player, so that nothing but the list is in it. */
#ifndef HOST_REPLAY_PEER_H
#define HOST_REPLAY_PEER_H

#include "player/player.h"
#include "requests.h"

struct peer {
    const char *name, *title;
    const char *library; /* preloaded; NULL: the player's own malloc */
    const char *program;
    const char *package; /* of Debian, that has it */
};

extern const struct peer peers[]; /* ends with a NULL name */
const struct peer *peer_find(const char *name); /* "real-jemalloc"; or NULL */

struct peer_entry {
    const struct peer *peer;
    uint32_t heap;
    struct player_answer answer;
    bool is_done;
    struct error error; /* why it is not: not installed, too large for this machine */
};

/* One after the other, as each is measured. */
void peers_run(const struct requests *requests, struct peer_entry *entries, size_t count);

#endif
