/* rt_threads: a victim that makes short threads one after another in small groups. usage: rt_threads COUNT [TOGETHER [STACK_BYTES]] */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_key_t key;

static void at_end(void *block)
{
    free(block);
    free(malloc(55));
}

static void *work(void *unused)
{
    void *volatile block = malloc(100);
    free(block);
    pthread_setspecific(key, malloc(33));
    strerror(12345); /* libc keeps a block for the thread that it gives back after all destructors */
    return unused;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1000, together = argc > 2 ? atoi(argv[2]) : 4;
    pthread_t threads[together];
    pthread_attr_t attributes;
    struct timespec begin, end;
    pthread_attr_init(&attributes);
    if (argc > 3)
        pthread_attr_setstacksize(&attributes, strtoul(argv[3], NULL, 0) ? strtoul(argv[3], NULL, 0) : (size_t)PTHREAD_STACK_MIN);
    pthread_key_create(&key, at_end);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < count; i += together) {
        for (int j = 0; j < together; j++)
            if (pthread_create(&threads[j], &attributes, work, NULL))
                return 1;
        for (int j = 0; j < together; j++)
            pthread_join(threads[j], NULL);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.1f us a thread\n", ((double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9) * 1e6 / count);
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, "VmSize", 6) || !strncmp(line, "VmRSS", 5))
            fputs(line, stdout);
    fclose(status);
    return 0;
}
