/* corpus_run: in files and folders, out one call of the fuzz target for each file; what a fuzzer without libFuzzer is linked with. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static int run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    uint8_t *bytes = malloc(size ? size : 1); /* of exactly this size, so that the sanitizer sees the first byte behind it */
    size_t count = bytes ? fread(bytes, 1, size, file) : 0;
    fclose(file);
    if (bytes)
        LLVMFuzzerTestOneInput(bytes, count);
    free(bytes);
    return 1;
}

static int run_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return -1;
    if (!S_ISDIR(info.st_mode))
        return run_file(path, (size_t)info.st_size);
    int files = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char below[4096];
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        int got = entry->d_name[0] == '.' ? 0 : run_path(below);
        files += got > 0 ? got : 0;
    }
    if (folder)
        closedir(folder);
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++)
        files += run_path(argv[i]);
    printf("%s: %d inputs\n", argv[0], files);
    return files > 0 ? 0 : 1;
}
