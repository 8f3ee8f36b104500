/* started_with: from /proc/PID/cmdline. */
#include "started_with.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"

void started_words_add(struct started_words *words, const char *word)
{
    vec_push(&words->at, memory_copy_text(word));
}

void started_words_add_all(struct started_words *words, const char *pid)
{
    char path[64], bytes[65536];
    snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : read(fd, bytes, sizeof bytes - 1);
    if (fd >= 0)
        close(fd);
    bytes[count > 0 ? count : 0] = 0;
    for (ssize_t at = 0; at < count; at += (ssize_t)strlen(bytes + at) + 1)
        started_words_add(words, bytes + at);
    if (count <= 0)
        started_words_add(words, "program");
}

void started_words_done(struct started_words *words)
{
    for (size_t i = 0; i < words->at.count; i++)
        memory_free(words->at.at[i]);
    vec_done(&words->at);
}
