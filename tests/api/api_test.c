/* SPDX-License-Identifier: MIT */
/* The folder, the pages and their samples. */
#include "api_test.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_SIZE 512

char test_folder[FOLDER_SIZE];

const char *test_path(const char *name)
{
    static _Thread_local char paths[8][FOLDER_SIZE + 256];
    static _Thread_local unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", test_folder, name);
    return path;
}

const char *test_model(unsigned scale)
{
    char name[32];
    snprintf(name, sizeof(name), "model-%ux.param", scale);
    return test_path(name);
}

int test_setup(void **state)
{
    static struct tiny_model model;
    const char *parent = getenv("TMPDIR");
    (void)state;
    snprintf(test_folder, FOLDER_SIZE, "%s/planche-api-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(test_folder))
        return -1;
    for (unsigned scale = 2; scale <= 4; scale++) {
        char name[32];
        snprintf(name, sizeof(name), "model-%ux", scale);
        tiny_model_make(&model, scale);
        if (!tiny_model_write(&model, test_path(name)))
            return -1;
    }
    return 0;
}

/* Calls for every name in the folder. */
static void each_file(void (*call)(const char *name, void *user), void *user)
{
    DIR *folder = opendir(test_folder);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            call(entry->d_name, user);
    closedir(folder);
}

static void remove_file(const char *name, void *user)
{
    (void)user;
    if (unlink(test_path(name)) != 0)
        rmdir(test_path(name));
}

int test_teardown(void **state)
{
    (void)state;
    each_file(remove_file, NULL);
    return rmdir(test_folder);
}

static void count_file(const char *name, void *user)
{
    int *count = user;
    *count += strncmp(name, "model-", 6) != 0;
}

int test_count_files(void)
{
    int count = 0;
    each_file(count_file, &count);
    return count;
}

void *test_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    rewind(file);
    void *data = malloc((size_t)length + 1);
    *size = fread(data, 1, (size_t)length, file);
    fclose(file);
    return data;
}

struct planche_engine *test_engine(struct planche_engine_options options, unsigned scale)
{
    struct planche_engine *engine;
    struct planche_error error;
    options.struct_size = sizeof(options);
    options.model = test_model(scale);
    options.backend = options.backend ? options.backend : "cpu"; /* whatever the machine has */
    options.threads = options.threads ? options.threads : 2;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    return engine;
}

unsigned image_channels(enum planche_pixel_format format)
{
    return ((unsigned)format - 1) % 4 + 1;
}

unsigned image_depth(enum planche_pixel_format format)
{
    return format < PLANCHE_PIXELS_GREY16 ? 8 : 16;
}

bool image_has_alpha(enum planche_pixel_format format)
{
    return image_channels(format) % 2 == 0;
}

size_t image_row_bytes(const struct planche_pixels *pixels)
{
    return (size_t)pixels->width * image_channels(pixels->format) *
           (image_depth(pixels->format) / 8);
}

void image_make(struct image *image, enum planche_pixel_format format, uint32_t width,
                uint32_t height, size_t more, uint8_t fill)
{
    image->pixels = (struct planche_pixels){
        .struct_size = sizeof(image->pixels), .format = format, .width = width, .height = height};
    image->pixels.stride = image_row_bytes(&image->pixels) + more;
    /* The last row ends with its last pixel: who reads or writes beyond it is found out. */
    size_t size = image->pixels.stride * height - more;
    image->data = malloc(size);
    memset(image->data, fill, size);
    image->pixels.data = image->data;
}

void image_free(struct image *image)
{
    free(image->data);
    *image = (struct image){0};
}

static uint8_t *sample_at(const struct planche_pixels *pixels, uint32_t x, uint32_t y,
                          unsigned channel)
{
    size_t index = (size_t)x * image_channels(pixels->format) + channel;
    return (uint8_t *)pixels->data + y * pixels->stride + index * (image_depth(pixels->format) / 8);
}

unsigned image_sample(const struct planche_pixels *pixels, uint32_t x, uint32_t y, unsigned channel)
{
    const uint8_t *at = sample_at(pixels, x, y, channel);
    uint16_t deep;
    if (image_depth(pixels->format) == 8)
        return *at;
    memcpy(&deep, at, sizeof(deep));
    return deep;
}

void image_set(struct image *image, uint32_t x, uint32_t y, unsigned channel, unsigned value)
{
    uint8_t *at = sample_at(&image->pixels, x, y, channel);
    uint16_t deep = (uint16_t)value;
    if (image_depth(image->pixels.format) == 8)
        *at = (uint8_t)value;
    else
        memcpy(at, &deep, sizeof(deep));
}

void image_draw(struct image *image, uint64_t seed)
{
    const struct planche_pixels *pixels = &image->pixels;
    double most = image_depth(pixels->format) == 8 ? 255 : 65535;
    uint64_t random = seed;
    for (uint32_t y = 0; y < pixels->height; y++)
        for (uint32_t x = 0; x < pixels->width; x++)
            for (unsigned c = 0; c < image_channels(pixels->format); c++) {
                double wave = 0.5 + 0.45 * sin(0.21 * x + c + (double)(seed % 7)) * cos(0.17 * y);
                double v = wave + test_random_real(&random, -0.05, 0.05);
                image_set(image, x, y, c, (unsigned)(v * most));
            }
}

void image_expect_equal(const struct planche_pixels *actual, const struct planche_pixels *expected)
{
    assert_int_equal(actual->format, expected->format);
    assert_int_equal(actual->width, expected->width);
    assert_int_equal(actual->height, expected->height);
    for (uint32_t y = 0; y < actual->height; y++)
        assert_memory_equal((const uint8_t *)actual->data + y * actual->stride,
                            (const uint8_t *)expected->data + y * expected->stride,
                            image_row_bytes(actual));
}

struct bytes test_run_bytes(const struct planche_engine *engine, const struct bytes *page,
                            const struct planche_page_options *options,
                            struct planche_page_result *result)
{
    struct planche_page_result made = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error = {.status = PLANCHE_OK};
    struct bytes out;
    void *data;
    if (planche_engine_run_bytes(engine, page->data, page->size, &data, &out.size, options, &made,
                                 &error))
        fail_msg("%s", error.message);
    out.data = malloc(out.size);
    assert_non_null(out.data);
    memcpy(out.data, data, out.size);
    planche_free_bytes(data);
    if (result)
        *result = made;
    return out;
}
