/* SPDX-License-Identifier: MIT */
/* Reads any bytes as an image of one format (FUZZ_FORMAT, its operations; FUZZ_READING, those of
 * reading in this process, NULL: the same): to the end, again after
 * rewinding, and nothing may be left in the budget. PNG's checksums are put right first, or they
 * would keep everything else from being looked at. */
#include "codec/format.h"

#include <stdlib.h>
#include <string.h>

/* Of calls whose status is enough. */
static struct planche_error ignored;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum planche_status read_rows(struct planche_reader *reader, uint8_t *row)
{
    const struct planche_image_info *info = planche_reader_info(reader);
    enum planche_status status = PLANCHE_OK;
    for (uint32_t y = 0; y < info->height && status == PLANCHE_OK; y++)
        status = planche_reader_read(reader, row, 0, 1, &ignored);
    return status;
}

static void read_image(struct planche_reader *reader)
{
    const struct planche_image_info *info = planche_reader_info(reader);
    /* Exactly a row, so that a sanitizer sees a byte too many. */
    uint8_t *row = malloc(info->width * planche_image_pixel_size(info));
    if (row && read_rows(reader, row) == PLANCHE_OK &&
        planche_reader_rewind(reader, &ignored) == PLANCHE_OK)
        read_rows(reader, row);
    free(row);
}

static void read_file(const uint8_t *data, size_t size)
{
    struct planche_budget budget;
    struct planche_source source = {.name = "fuzz", .data = data, .size = size};
    struct planche_reader_options options = {
        .budget = &budget, .max_input_pixels = 1 << 18, .reading = FUZZ_READING};
    struct planche_reader *reader;
    planche_budget_init(&budget, 64 << 20);
    if (planche_reader_open(&reader, &source, &options, &ignored) == PLANCHE_OK)
        read_image(reader);
    planche_reader_destroy(&reader);
    if (budget.used != 0)
        abort();
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t checksum(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void mend_checksums(uint8_t *data, size_t size)
{
    /* A chunk is the size of its content, a tag, the content, a checksum of tag and content. */
    for (size_t at = 8; size - at >= 12 && get32(data + at) <= size - at - 12;) {
        size_t content = get32(data + at);
        uint32_t crc = checksum(data + at + 4, content + 4);
        for (int i = 0; i < 4; i++)
            data[at + 8 + content + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
        at += content + 12;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (planche_format_detect(data, size) != &FUZZ_FORMAT)
        return 0;
    uint8_t *copy = malloc(size);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (FUZZ_FORMAT.format == PLANCHE_FORMAT_PNG)
        mend_checksums(copy, size);
    read_file(copy, size);
    free(copy);
    return 0;
}
