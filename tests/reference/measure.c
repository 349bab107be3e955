/* SPDX-License-Identifier: MIT */
/* How far results are from the reference: a program for docs/numerics.md, no test.
 *
 *   measure PARAM BIN SCALE PAD WIDTH HEIGHT PAGE RESULT...
 *
 * PAGE and the RESULTs, of SCALE times its size, are raw 8-bit RGB. PAD is what the engine pads
 * pages by (10 for networks that pad with zeros themselves). Prints for each result its PSNR
 * against the reference in 8 bits, the shares of samples that are equal and within a level, and the
 * greatest difference. */
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char *read_file(const char *path, size_t bytes)
{
    unsigned char *data = malloc(bytes);
    FILE *stream = fopen(path, "rb");
    if (!data || !stream || fread(data, 1, bytes, stream) != bytes) {
        fprintf(stderr, "%s: not %zu bytes\n", path, bytes);
        exit(EXIT_FAILURE);
    }
    fclose(stream);
    return data;
}

static void compare(const char *path, const double *expected, size_t count)
{
    unsigned char *actual = read_file(path, count);
    double square = 0;
    size_t equal = 0, near = 0;
    int worst = 0;
    for (size_t i = 0; i < count; i++) {
        const int level = (int)floor(fmin(fmax(expected[i], 0), 1) * 255 + 0.5);
        const int difference = abs(actual[i] - level);
        square += (double)difference * difference;
        equal += difference == 0;
        near += difference <= 1;
        worst = difference > worst ? difference : worst;
    }
    printf("%s: %.1f dB, equal %.2f %%, within a level %.3f %%, worst %d\n", path,
           10 * log10(255.0 * 255.0 * (double)count / square), 100 * (double)equal / (double)count,
           100 * (double)near / (double)count, worst);
    free(actual);
}

int main(int argc, char **argv)
{
    if (argc < 9) {
        fprintf(stderr, "usage: %s PARAM BIN SCALE PAD WIDTH HEIGHT PAGE RESULT...\n", argv[0]);
        return 2;
    }
    const int scale = atoi(argv[3]), pad = atoi(argv[4]);
    const int width = atoi(argv[5]), height = atoi(argv[6]);
    const size_t samples = (size_t)width * (size_t)height * 3;
    const struct ref_recipe recipe = {.scale = scale,
                                      .multiple = 1,
                                      .pad = pad,
                                      .crop = pad * scale,
                                      .in_scale = 1,
                                      .out_scale = 1};
    struct ref_net *net = ref_load(argv[1], argv[2]);
    unsigned char *page = read_file(argv[7], samples);
    double *values = ref_pixels(page, 3, 8, height, width), *expected = NULL;
    if (!net || !values || !ref_page(net, &recipe, values, height, width, &expected))
        return EXIT_FAILURE;
    for (int i = 8; i < argc; i++)
        compare(argv[i], expected, samples * (size_t)scale * (size_t)scale);
    free(expected);
    free(values);
    free(page);
    ref_destroy(&net);
    return EXIT_SUCCESS;
}
