/* SPDX-License-Identifier: MIT */
/* Stands in for libFuzzer: gives every file of the named folders to the target once. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    uint8_t *data = NULL;
    int ok = file && fstat(fileno(file), &info) == 0 && info.st_size >= 0;
    /* Exactly as large as the file, so that a sanitizer sees a read beyond it. */
    if (ok)
        data = malloc((size_t)info.st_size + (info.st_size == 0));
    ok = ok && data && fread(data, 1, (size_t)info.st_size, file) == (size_t)info.st_size;
    if (ok)
        LLVMFuzzerTestOneInput(data, (size_t)info.st_size);
    else
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    free(data);
    if (file)
        fclose(file);
    return ok;
}

static int replay_folder(const char *path, int *count)
{
    struct dirent **entries;
    int found = scandir(path, &entries, NULL, alphasort), ok = found >= 0;
    if (!ok)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    for (int i = 0; i < found; i++) {
        char file[4096];
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            ok = replay_file(file) && ok;
            ++*count;
        }
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return ok;
}

int main(int argc, char **argv)
{
    int count = 0, ok = argc > 1;
    for (int i = 1; i < argc; i++)
        ok = replay_folder(argv[i], &count) && ok;
    printf("%d files replayed\n", count);
    return ok && count > 0 ? 0 : 1;
}
