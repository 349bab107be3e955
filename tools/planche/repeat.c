/* SPDX-License-Identifier: MIT */
/* A page through the same engine several times. */
#include "repeat.h"

#include "failure.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "FOLDER/.planche-XXXXXX" for an output in FOLDER, to be filled in by mkstemp and its like; NULL:
 * no memory. */
static char *hidden_name(const char *output)
{
    const char *slash = strrchr(output, '/');
    char *name;
    int folder = slash != NULL ? (int)(slash + 1 - output) : 0;
    return asprintf(&name, "%.*s.planche-XXXXXX", folder, output) < 0 ? NULL : name;
}

static bool copy_bytes(FILE *from, FILE *to)
{
    char bytes[1 << 16];
    size_t size;
    while ((size = fread(bytes, 1, sizeof bytes, from)) > 0) {
        if (fwrite(bytes, 1, size, to) != size)
            return false;
    }
    return ferror(from) == 0 && fflush(to) == 0 && fsync(fileno(to)) == 0;
}

/* The mode that a new file gets: mkstemp's is for secrets. */
static void allow_others(int fd)
{
    mode_t mask = umask(0);
    umask(mask);
    int ignored = fchmod(fd, 0666 & ~mask);
    (void)ignored;
}

static enum planche_status copy_file(const char *input, const char *output,
                                     struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    char *name = hidden_name(output);
    FILE *from = fopen(input, "rbe"), *to = NULL;
    int fd = -1;
    if (from == NULL) {
        status = planche_cli_fail(error, PLANCHE_ERROR_IO, "%s: %s", input, strerror(errno));
        goto done;
    }
    fd = name != NULL ? mkstemp(name) : -1;
    to = fd >= 0 ? fdopen(fd, "wbe") : NULL;
    if (to == NULL || !copy_bytes(from, to) || rename(name, output) != 0) {
        status = planche_cli_fail(error, PLANCHE_ERROR_IO, "%s: cannot write: %s", output,
                                  strerror(errno));
        if (fd >= 0)
            unlink(name);
        goto done;
    }
    allow_others(fd);
done:
    if (to != NULL)
        fclose(to);
    else if (fd >= 0)
        close(fd);
    if (from != NULL)
        fclose(from);
    free(name);
    return status;
}

/* The picture after a run. False: the folder's name is too long. */
static bool name_step(char *path, size_t size, const char *folder, unsigned run)
{
    int length = snprintf(path, size, "%s/%u.png", folder, run);
    return length > 0 && (size_t)length < size;
}

static enum planche_status run_between(const struct planche_engine *engine, unsigned runs,
                                       const char *folder, const char *input, const char *output,
                                       const struct planche_page_options *options,
                                       struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_page_options between = *options;
    char from[4096], to[4096];
    between.format = PLANCHE_FORMAT_PNG;
    between.png_level = 1;
    for (unsigned run = 1; run <= runs && status == PLANCHE_OK; run++) {
        bool first = run == 1, last = run == runs;
        if (!name_step(from, sizeof from, folder, run - 1) ||
            !name_step(to, sizeof to, folder, run))
            return planche_cli_fail(error, PLANCHE_ERROR_IO, "%s: the name is too long", folder);
        status = planche_engine_run_file(engine, first ? input : from, last ? output : to,
                                         last ? options : &between, NULL, error);
        unlink(from);
    }
    if (status != PLANCHE_OK)
        unlink(to);
    return status;
}

enum planche_status planche_cli_repeat(const struct planche_engine *engine, unsigned runs,
                                       const char *input, const char *output,
                                       const struct planche_page_options *options,
                                       struct planche_error *error)
{
    if (runs == 1)
        return planche_engine_run_file(engine, input, output, options, NULL, error);
    if (runs == 0 && planche_format_from_name(input) == options->format)
        return copy_file(input, output, error);
    if (runs == 0)
        return planche_cli_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "at scale 1 without noise removal there is nothing to do, and "
                                "formats are not converted; give the result the page's format");
    char *folder = hidden_name(output);
    if (folder == NULL || mkdtemp(folder) == NULL) {
        planche_cli_fail(error, PLANCHE_ERROR_IO, "%s: cannot make a folder beside it: %s", output,
                         strerror(errno));
        free(folder);
        return PLANCHE_ERROR_IO;
    }
    enum planche_status status = run_between(engine, runs, folder, input, output, options, error);
    rmdir(folder);
    free(folder);
    return status;
}
