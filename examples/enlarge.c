/* SPDX-License-Identifier: MIT */
/* An image file in, a larger image file out, with libplanche:
 *
 *     cc enlarge.c -o enlarge $(pkg-config --cflags --libs planche)
 *     ./enlarge < page.jpg > page-2x.webp */
#include <planche/planche.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char page[64 << 20];

static int fail(const struct planche_error *error)
{
    fprintf(stderr, "%s: %s\n", planche_status_name(error->status), error->message);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine = NULL;
    struct planche_error error = {0};
    void *result = NULL;
    size_t size = fread(page, 1, sizeof page, stdin), result_size = 0;
    int status = EXIT_SUCCESS;

    if (ferror(stdin) || size == sizeof page) {
        fprintf(stderr, "standard input cannot be read, or has 64 MiB or more\n");
        return EXIT_FAILURE;
    }
    options.model = argc > 1 ? argv[1] : NULL; /* NULL: "auto", Planche's own */
    if (planche_engine_create(&engine, &options, &error) != PLANCHE_OK)
        return fail(&error);

    /* One engine serves any number of pages and threads. */
    if (planche_engine_run_bytes(engine, page, size, &result, &result_size, NULL, NULL, &error) !=
        PLANCHE_OK)
        status = fail(&error);
    else if (fwrite(result, 1, result_size, stdout) < result_size || fflush(stdout) != 0) {
        perror("standard output cannot be written");
        status = EXIT_FAILURE;
    }
    planche_free_bytes(result);
    planche_engine_destroy(&engine);
    return status;
}
