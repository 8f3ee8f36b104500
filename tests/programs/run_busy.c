/* run_busy THREADS PAIRS FILE: writes its process id into FILE, then each thread allocates and frees PAIRS times (0: for ever), then says done. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long pairs;

static void *work(void *unused)
{
    for (long i = 0; !pairs || i < pairs; i++) {
        char *volatile block = malloc((size_t)(i % 500 + 1));
        block[0] = 1;
        free(block);
    }
    return unused;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    int threads = atoi(argv[1]);
    pthread_t handles[64];
    pairs = atol(argv[2]);
    FILE *file = fopen(argv[3], "w");
    if (!file)
        return 2;
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
    for (int i = 0; i < threads && i < 64; i++)
        pthread_create(&handles[i], NULL, work, NULL);
    for (int i = 0; i < threads && i < 64; i++)
        pthread_join(handles[i], NULL);
    puts("done");
    return 0;
}
