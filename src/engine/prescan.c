/* SPDX-License-Identifier: MIT */
/* Prescan of a page's rows. */
#include "engine/prescan.h"

#include "base/status.h"
#include "image/pixels.h"
#include "os/clock.h"

static inline unsigned sample(const void *row, size_t index, bool deep)
{
    return deep ? ((const uint16_t *)row)[index] : ((const uint8_t *)row)[index];
}

static inline bool is_near(unsigned a, unsigned b)
{
    return a <= b + 1 && b <= a + 1;
}

/* Whether the row has no colour; what is fully transparent shows none. */
static bool row_is_grey(const void *row, size_t width, unsigned channels, bool deep)
{
    for (size_t x = 0; x < width; x++) {
        size_t at = x * channels;
        unsigned red = sample(row, at, deep), green = sample(row, at + 1, deep);
        unsigned blue = sample(row, at + 2, deep);
        if (is_near(red, green) && is_near(green, blue) && is_near(blue, red))
            continue;
        if (channels == 3 || sample(row, at + 3, deep) > 0)
            return false;
    }
    return true;
}

static uint8_t variation_of(const void *row, size_t width, unsigned channels, bool deep)
{
    unsigned most = 0;
    for (unsigned c = 0; c < channels; c++) {
        unsigned low = sample(row, c, deep), high = low;
        for (size_t x = 1; x < width; x++) {
            unsigned value = sample(row, x * channels + c, deep);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        most = high - low > most ? high - low : most;
    }
    return (uint8_t)(deep ? most >> 8 : most);
}

static bool measures(const struct planche_prescan *prescan)
{
    return prescan->measure && !planche_measure_is_enough(prescan->measure);
}

static bool wants_more(const struct planche_prescan *prescan)
{
    return prescan->grey || prescan->variation || measures(prescan) || prescan->greys;
}

static enum planche_status scan(struct planche_prescan *prescan, struct planche_input *input,
                                void *row, struct planche_error *error)
{
    unsigned channels = planche_pixel_channels(input->stored);
    bool deep = planche_pixel_depth(input->stored) == 16;
    enum planche_status status = PLANCHE_OK;
    for (uint32_t y = 0; y < input->height && wants_more(prescan); y++) {
        status = planche_reader_read(input->reader, row, input->stored_row_bytes, 1, error);
        if (status)
            return status;
        prescan->grey = prescan->grey && row_is_grey(row, input->width, channels, deep);
        if (prescan->variation)
            prescan->variation[y] = variation_of(row, input->width, channels, deep);
        if (measures(prescan))
            planche_measure_add(prescan->measure, row);
        if (prescan->greys && (channels < 3 || prescan->grey))
            planche_greys_add(prescan->greys, row, input->width, channels, deep ? 16 : 8);
        else
            prescan->greys = NULL;
    }
    return planche_reader_rewind(input->reader, error);
}

enum planche_status planche_prescan_run(struct planche_prescan *prescan,
                                        struct planche_input *input, struct planche_error *error)
{
    double start = planche_clock_ms();
    prescan->grey = prescan->grey && planche_pixel_channels(input->stored) >= 3;
    if (!wants_more(prescan))
        return PLANCHE_OK;
    void *row = planche_alloc(input->budget, input->stored_row_bytes);
    if (!row)
        return planche_fail_memory(error, input->budget, input->stored_row_bytes,
                                   "a row of the page");
    enum planche_status status = scan(prescan, input, row, error);
    planche_free(row);
    double ms = planche_clock_ms() - start;
    input->ms += ms;
    input->waited_ms += ms;
    return status;
}
