/* SPDX-License-Identifier: MIT */
/* Pictures, and the ways from and to files through the code under test. */
#include "images.h"

#include "image/profiles.h"

#include <stdio.h>
#include <string.h>

void bytes_append(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->capacity);
        assert_non_null(bytes->data);
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

enum planche_status bytes_sink(void *user, const void *data, size_t size,
                               struct planche_error *error)
{
    (void)error;
    bytes_append(user, data, size);
    return PLANCHE_OK;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){NULL, 0, 0};
}

size_t picture_row_bytes(const struct picture *picture)
{
    return (size_t)picture->width * picture->channels * (picture->depth / 8);
}

static struct picture make_picture(uint32_t width, uint32_t height, unsigned channels,
                                   unsigned depth)
{
    struct picture picture = {width, height, channels, depth, NULL};
    picture.data = malloc(picture_row_bytes(&picture) * height);
    assert_non_null(picture.data);
    return picture;
}

struct picture picture_noise(uint32_t width, uint32_t height, unsigned channels, unsigned depth,
                             uint32_t seed)
{
    struct picture picture = make_picture(width, height, channels, depth);
    size_t size = picture_row_bytes(&picture) * height;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        picture.data[i] = (uint8_t)(seed >> 24);
    }
    return picture;
}

struct picture picture_smooth(uint32_t width, uint32_t height, unsigned channels)
{
    struct picture picture = make_picture(width, height, channels, 8);
    uint8_t *p = picture.data;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (unsigned c = 0; c < channels; c++)
                *p++ = (uint8_t)(40 + c * 20 + x * 60 / width + y * 80 / height);
    return picture;
}

void picture_free(struct picture *picture)
{
    free(picture->data);
    picture->data = NULL;
}

static void same_shape(const struct picture *a, const struct picture *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->channels, b->channels);
    assert_int_equal(a->depth, b->depth);
}

void pictures_equal(const struct picture *a, const struct picture *b)
{
    same_shape(a, b);
    assert_memory_equal(a->data, b->data, picture_row_bytes(a) * a->height);
}

struct picture picture_deepen(struct picture *picture)
{
    struct picture deep = make_picture(picture->width, picture->height, picture->channels, 16);
    size_t samples = (size_t)picture->width * picture->height * picture->channels;
    for (size_t i = 0; i < samples; i++) {
        uint16_t value = (uint16_t)(picture->data[i] * 257);
        memcpy(deep.data + 2 * i, &value, 2);
    }
    picture_free(picture);
    return deep;
}

static int level(const struct picture *picture, size_t index)
{
    uint16_t value;
    if (picture->depth == 8)
        return picture->data[index];
    memcpy(&value, picture->data + 2 * index, 2);
    return value / 257;
}

unsigned pictures_distance(const struct picture *a, const struct picture *b)
{
    unsigned distance = 0;
    same_shape(a, b);
    for (size_t i = 0; i < (size_t)a->width * a->height * a->channels; i++) {
        unsigned d = (unsigned)abs(level(a, i) - level(b, i));
        distance = d > distance ? d : distance;
    }
    return distance;
}

static void count_warning(void *user, enum planche_log_level level, const char *message)
{
    struct read_result *result = user;
    assert_int_equal(level, PLANCHE_LOG_WARNING);
    assert_true(strlen(message) > 0);
    result->warnings++;
    snprintf(result->warning, sizeof result->warning, "%s", message);
}

static void take_blob(struct bytes *to, const struct planche_blob *blob)
{
    bytes_free(to);
    if (blob->size)
        bytes_append(to, blob->data, blob->size);
}

static void take_info(struct read_result *result, const struct planche_image_info *info)
{
    result->format = info->format;
    result->x_density = info->metadata->x_density;
    result->y_density = info->metadata->y_density;
    take_blob(&result->icc, &info->metadata->icc);
    take_blob(&result->exif, &info->metadata->exif);
    take_blob(&result->xmp, &info->metadata->xmp);
    result->picture = make_picture(info->width, info->height, info->channels, info->depth);
}

/* Rows in groups of 1, 2, 3 ... to see that groups do not matter. */
static enum planche_status read_rows(struct planche_reader *reader, struct read_result *result)
{
    struct picture *picture = &result->picture;
    size_t row = picture_row_bytes(picture);
    uint32_t group = 1, count;
    for (uint32_t y = 0; y < picture->height; y += count, group++) {
        count = group < picture->height - y ? group : picture->height - y;
        enum planche_status status =
            planche_reader_read(reader, picture->data + y * row, row, count, &result->error);
        if (status)
            return status;
    }
    return PLANCHE_OK;
}

/* Again after rewinding: the same, twice. */
static enum planche_status read_again(struct planche_reader *reader, struct read_result *result)
{
    struct read_result again = *result;
    again.picture = make_picture(result->picture.width, result->picture.height,
                                 result->picture.channels, result->picture.depth);
    enum planche_status status = planche_reader_rewind(reader, &result->error);
    if (status == PLANCHE_OK)
        status = planche_reader_read(reader, again.picture.data, picture_row_bytes(&again.picture),
                                     1, &result->error);
    if (status == PLANCHE_OK)
        status = planche_reader_rewind(reader, &result->error);
    if (status == PLANCHE_OK)
        status = read_rows(reader, &again);
    if (status == PLANCHE_OK)
        pictures_equal(&again.picture, &result->picture);
    picture_free(&again.picture);
    return status;
}

enum planche_status read_bytes_within(const struct bytes *file, uint64_t limit, uint64_t max_pixels,
                                      struct read_result *result)
{
    struct planche_budget budget;
    struct planche_log log = {.fn = count_warning, .user = result};
    struct planche_source source = {.name = "page", .data = file->data, .size = file->size};
    struct planche_reader_options options = {
        .budget = &budget, .log = &log, .max_input_pixels = max_pixels};
    struct planche_reader *reader;
    *result = (struct read_result){.error = {.status = PLANCHE_OK}};
    planche_budget_init(&budget, limit);
    enum planche_status status = planche_reader_open(&reader, &source, &options, &result->error);
    if (status == PLANCHE_OK) {
        take_info(result, planche_reader_info(reader));
        status = read_rows(reader, result);
        if (status == PLANCHE_OK)
            status = read_again(reader, result);
    }
    planche_reader_destroy(&reader);
    assert_null(reader);
    assert_int_equal(budget.used, 0);
    result->peak = budget.peak;
    if (status) {
        assert_int_equal(result->error.status, status);
        assert_true(strlen(result->error.message) > 0);
    }
    return status;
}

enum planche_status read_bytes(const struct bytes *file, struct read_result *result)
{
    return read_bytes_within(file, 0, 0, result);
}

void read_result_free(struct read_result *result)
{
    picture_free(&result->picture);
    bytes_free(&result->icc);
    bytes_free(&result->exif);
    bytes_free(&result->xmp);
}

static enum planche_status write_rows(struct planche_writer *writer, const struct picture *picture,
                                      struct planche_error *error)
{
    size_t row = picture_row_bytes(picture);
    uint32_t group = 1, count;
    for (uint32_t y = 0; y < picture->height; y += count, group++) {
        count = group < picture->height - y ? group : picture->height - y;
        enum planche_status status =
            planche_writer_write(writer, picture->data + y * row, row, count, error);
        if (status)
            return status;
    }
    return planche_writer_finish(writer, error);
}

enum planche_status write_picture(const struct picture *picture, enum planche_format format,
                                  const struct planche_metadata *metadata,
                                  const struct planche_writer_options *options, struct bytes *file,
                                  struct planche_error *error)
{
    struct planche_budget own;
    struct planche_writer_options with_budget = {.budget = NULL};
    struct planche_image_info info = {picture->width, picture->height, picture->channels,
                                      picture->depth, format,          metadata};
    struct planche_writer *writer;
    if (options)
        with_budget = *options;
    if (!with_budget.budget) {
        planche_budget_init(&own, 0);
        with_budget.budget = &own;
    }
    uint64_t before = with_budget.budget->used;
    enum planche_status status =
        planche_writer_open(&writer, &info, &with_budget, bytes_sink, file, error);
    if (status == PLANCHE_OK)
        status = write_rows(writer, picture, error);
    planche_writer_destroy(&writer);
    assert_int_equal(with_budget.budget->used, before);
    if (status == PLANCHE_OK)
        assert_true(with_budget.budget->peak - before <=
                    planche_writer_memory(&info, &with_budget));
    return status;
}

struct bytes make_icc(unsigned channels)
{
    struct bytes bytes = {NULL, 0, 0};
    bytes.data = profile_make(channels, &bytes.size);
    bytes.capacity = bytes.size;
    return bytes;
}

static void put(struct bytes *bytes, bool big, unsigned count, uint32_t value)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned shift = 8 * (big ? count - 1 - i : i);
        uint8_t byte = (uint8_t)(value >> shift);
        bytes_append(bytes, &byte, 1);
    }
}

/* Orientation and a resolution of 118.11 dots per centimetre (300 per inch). */
struct bytes make_exif(unsigned orientation, bool big)
{
    struct bytes bytes = {NULL, 0, 0};
    const uint32_t values = 8 + 2 + 4 * 12 + 4;
    bytes_append(&bytes, big ? "MM" : "II", 2);
    put(&bytes, big, 2, 42);
    put(&bytes, big, 4, 8);
    put(&bytes, big, 2, 4);
    for (unsigned i = 0; i < 4; i++) {
        static const uint16_t tags[4] = {0x0112, 0x011a, 0x011b, 0x0128};
        bool rational = i == 1 || i == 2;
        put(&bytes, big, 2, tags[i]);
        put(&bytes, big, 2, rational ? 5 : 3);
        put(&bytes, big, 4, 1);
        if (rational) {
            put(&bytes, big, 4, values + (i - 1) * 8);
        } else {
            put(&bytes, big, 2, i == 0 ? orientation : 3);
            put(&bytes, big, 2, 0);
        }
    }
    put(&bytes, big, 4, 0);
    put(&bytes, big, 4, 11811);
    put(&bytes, big, 4, 100);
    put(&bytes, big, 4, 23622);
    put(&bytes, big, 4, 100);
    return bytes;
}

void expect_frames(const struct bytes *file, unsigned frames, const struct picture *picture)
{
    char words[40];
    struct read_result result;
    snprintf(words, sizeof words, "an animation of %u frames", frames);
    assert_int_equal(read_bytes(file, &result),
                     frames == 1 ? PLANCHE_OK : PLANCHE_ERROR_UNSUPPORTED);
    if (frames == 1)
        pictures_equal(&result.picture, picture);
    else
        assert_non_null(strstr(result.error.message, words));
    read_result_free(&result);
}

void images_cancel(void *user, double done)
{
    struct canceller *canceller = user;
    assert_true(done >= 0 && done <= 1);
    if (++canceller->calls > canceller->after)
        planche_cancel_request(&canceller->handle);
}
