/* SPDX-License-Identifier: MIT */
/* Tone curves as tables with straight lines between their points. The way back looks for the piece
 * that the light lies on, so it undoes the way there exactly. */
#include "image/transfer.h"

#include "base/status.h"
#include "image/icc.h"

#include <math.h>

#define COLOURS 3
#define STEPS   4096
/* Entries that say where to begin to look, by the square root of the light: near to even steps of
 * the sample for usual curves. */
#define HINTS 1024
/* Share of a straight line in a curve that is bent. */
#define STRAIGHT (1.0 / 4096)
/* A step that rises by less than this part of the light cannot be found again in float. */
#define MIN_RISE 1e-5f

struct planche_transfer {
    float curves[COLOURS][STEPS + 1];
    uint16_t hints[COLOURS][HINTS + 1];
};

static double srgb(double sample)
{
    return sample <= 0.04045 ? sample / 12.92 : pow((sample + 0.055) / 1.055, 2.4);
}

/* The light at a hint. */
static float light_at(const float *curve, int hint)
{
    float root = (float)hint / HINTS;
    return curve[0] + root * root * (curve[STEPS] - curve[0]);
}

static void make_hints(uint16_t *hints, const float *curve)
{
    int step = 0;
    for (int hint = 0; hint <= HINTS; hint++) {
        while (step < STEPS - 1 && curve[step + 1] <= light_at(curve, hint))
            step++;
        hints[hint] = (uint16_t)step;
    }
}

/* Makes the curve rise everywhere, within 0..1. */
static void straighten(float *curve)
{
    float most = 0;
    bool rises = true;
    for (int i = 0; i <= STEPS; i++) {
        float before = most, value = curve[i] > most ? curve[i] : most; /* of NaN as well */
        curve[i] = most = value < 1 ? value : 1;
        rises = rises && (i == 0 || most - before > MIN_RISE * most);
    }
    for (int i = 0; !rises && i <= STEPS; i++)
        curve[i] = (float)(curve[i] * (1 - STRAIGHT) + STRAIGHT * i / STEPS);
}

enum planche_status planche_transfer_create(struct planche_transfer **out, unsigned colours,
                                            const void *icc, size_t size,
                                            struct planche_budget *budget,
                                            struct planche_error *error)
{
    struct planche_transfer *tone = planche_calloc(budget, 1, sizeof *tone);
    bool found = false;
    enum planche_status status = PLANCHE_OK;
    *out = NULL;
    if (!tone)
        return planche_fail_memory(error, budget, sizeof *tone, "the page's tone curves");
    if (size)
        status = planche_icc_get_curves(budget, icc, size, colours, tone->curves[0], STEPS + 1,
                                        &found, error);
    if (status) {
        planche_free(tone);
        return status;
    }
    for (unsigned c = 0; c < COLOURS; c++) {
        for (int i = 0; !found && i <= STEPS; i++)
            tone->curves[c][i] = (float)srgb((double)i / STEPS);
        straighten(tone->curves[c]);
        make_hints(tone->hints[c], tone->curves[c]);
    }
    *out = tone;
    return PLANCHE_OK;
}

void planche_transfer_destroy(struct planche_transfer **tone)
{
    planche_free(*tone);
    *tone = NULL;
}

void planche_transfer_to_light(const struct planche_transfer *tone, unsigned colour, float *values,
                               size_t count)
{
    const float *curve = tone->curves[colour];
    for (size_t i = 0; i < count; i++) {
        float value = values[i] > 0 ? values[i] < 1 ? values[i] : 1 : 0;
        int step = (int)(value * STEPS);
        step = step < STEPS ? step : STEPS - 1;
        values[i] = curve[step] + (value * STEPS - (float)step) * (curve[step + 1] - curve[step]);
    }
}

void planche_transfer_from_light(const struct planche_transfer *tone, unsigned colour,
                                 float *values, size_t count)
{
    const float *curve = tone->curves[colour], least = curve[0], most = curve[STEPS];
    const uint16_t *hints = tone->hints[colour];
    for (size_t i = 0; i < count; i++) {
        float light = values[i] > least ? values[i] < most ? values[i] : most : least;
        int step = hints[(int)(sqrtf((light - least) / (most - least)) * HINTS)];
        while (step > 0 && curve[step] > light)
            step--;
        while (step < STEPS - 1 && curve[step + 1] <= light)
            step++;
        values[i] = ((float)step + (light - curve[step]) / (curve[step + 1] - curve[step])) / STEPS;
    }
}
