/* SPDX-License-Identifier: MIT */
/* Resize: which of its many modes are those of the engine. */
#include "model/onnx/folding.h"

#include <math.h>
#include <string.h>

#define CHECKED 240 /* places that are compared */

/* What one axis is enlarged by: stated, or the quotient of the sizes. */
static bool find_factor(const struct planche_onnx_tensor *scales,
                        const struct planche_onnx_tensor *sizes, int at,
                        struct planche_onnx_number size, double *factor)
{
    struct planche_onnx_number wanted;
    if (scales) {
        *factor = scales->numbers[at].base;
        return planche_onnx_is_constant(scales->numbers[at]);
    }
    wanted = sizes->numbers[at];
    double by = size.rows != 0 ? size.rows : size.columns != 0 ? size.columns : size.base;
    double what = size.rows != 0 ? wanted.rows : size.columns != 0 ? wanted.columns : wanted.base;
    if (by == 0)
        return false;
    *factor = what / by;
    struct planche_onnx_number same = planche_onnx_times(size, *factor);
    return fabs(same.base - wanted.base) < 1e-3 && same.rows == wanted.rows &&
           same.columns == wanted.columns;
}

/* Where the place i of the result lies in the picture. */
static double source_of(const char *coordinates, double i, double factor)
{
    if (strcmp(coordinates, "asymmetric") == 0)
        return i / factor;
    return (i + 0.5) / factor - 0.5;
}

static double rounded(const char *mode, double at)
{
    if (strcmp(mode, "floor") == 0)
        return floor(at);
    if (strcmp(mode, "ceil") == 0)
        return ceil(at);
    if (strcmp(mode, "round_prefer_ceil") == 0)
        return floor(at + 0.5);
    return ceil(at - 0.5);
}

/* The engine takes floor(i / factor). */
static bool is_our_nearest(const char *coordinates, const char *mode, double factor)
{
    for (int i = 0; i < CHECKED; i++) {
        double at = rounded(mode, source_of(coordinates, i, factor));
        if ((at < 0 ? 0 : at) != floor(i / factor))
            return false;
    }
    return true;
}

static bool find_place(const char *coordinates, enum planche_interp_place *place)
{
    static const struct {
        const char *name;
        enum planche_interp_place place;
    } names[] = {
        {"half_pixel", PLANCHE_INTERP_HALF_PIXEL},
        {"pytorch_half_pixel", PLANCHE_INTERP_HALF_PIXEL},
        {"half_pixel_symmetric", PLANCHE_INTERP_HALF_PIXEL},
        {"asymmetric", PLANCHE_INTERP_ASYMMETRIC},
        {"align_corners", PLANCHE_INTERP_ALIGN_CORNERS},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].name, coordinates) == 0) {
            *place = names[i].place;
            return true;
        }
    return false;
}

static enum planche_status check_nearest(planche_onnx_t *t, const char *coordinates,
                                         const double factors[2])
{
    const char *rounding = planche_onnx_text(t, "nearest_mode", "round_prefer_floor");
    for (int i = 0; i < 2; i++)
        if (strcmp(coordinates, "align_corners") == 0 ||
            !is_our_nearest(coordinates, rounding, factors[i]))
            return planche_onnx_unsupported(
                t, "nearest with '%.30s' and '%.30s' is not supported for this factor", coordinates,
                rounding);
    return PLANCHE_OK;
}

static enum planche_status set_mode(planche_onnx_t *t, const double factors[2],
                                    struct planche_layer *layer)
{
    const char *mode = planche_onnx_text(t, "mode", "nearest");
    const char *coordinates = planche_onnx_text(t, "coordinate_transformation_mode", "half_pixel");
    if (!find_place(coordinates, &layer->place))
        return planche_onnx_unsupported(t, "coordinates '%.30s' are not supported", coordinates);
    if (planche_onnx_integer(t, "antialias", 0))
        return planche_onnx_unsupported(t, "antialias is not supported");
    if (strcmp(mode, "nearest") == 0) {
        layer->interp = PLANCHE_INTERP_NEAREST;
        layer->place = PLANCHE_INTERP_HALF_PIXEL;
        return check_nearest(t, coordinates, factors);
    }
    if (strcmp(mode, "linear") != 0 && strcmp(mode, "cubic") != 0)
        return planche_onnx_wrong(t, "its mode is '%.20s', which is none", mode);
    layer->interp = strcmp(mode, "linear") == 0 ? PLANCHE_INTERP_BILINEAR : PLANCHE_INTERP_BICUBIC;
    layer->cubic = planche_onnx_real(t, "cubic_coeff_a", -0.75f);
    if (layer->interp == PLANCHE_INTERP_BICUBIC &&
        (planche_onnx_integer(t, "exclude_outside", 0) || layer->cubic == 0 ||
         !(fabsf(layer->cubic) <= 2)))
        return planche_onnx_unsupported(t, "exclude_outside, or this cubic_coeff_a, is not "
                                           "supported");
    return PLANCHE_OK;
}

/* The factors of the rows and the columns. */
static enum planche_status get_factors(planche_onnx_t *t, const struct planche_onnx_value *value,
                                       double factors[2])
{
    enum planche_status status = PLANCHE_OK;
    const struct planche_onnx_tensor *scales = planche_onnx_constant(t, 2), *sizes = NULL;
    int64_t *axes;
    int count;
    scales = scales && scales->count ? planche_onnx_operand(t, 2, &status) : NULL;
    if (status == PLANCHE_OK && !scales)
        sizes = planche_onnx_operand(t, 3, &status);
    if (status == PLANCHE_OK)
        status = planche_onnx_integers(t, "axes", -1, &axes, &count);
    if (status != PLANCHE_OK)
        return status;
    int wanted = axes ? count : 4;
    if ((int)(scales ? scales : sizes)->count != wanted)
        return planche_onnx_wrong(t, "its scales or sizes do not fit the axes");
    if (strcmp(planche_onnx_text(t, "keep_aspect_ratio_policy", "stretch"), "stretch") != 0)
        return planche_onnx_unsupported(t, "keeping the aspect ratio is not supported");
    factors[0] = factors[1] = 1;
    for (int i = 0; i < wanted; i++) {
        struct planche_onnx_number channels = {.base = value->channels}, one = {.base = 1};
        double factor = 1;
        int axis;
        if (!planche_onnx_axis(axes ? axes[i] : i, 4, &axis))
            return planche_onnx_wrong(t, "its axes are out of range");
        if (!find_factor(scales, sizes, i,
                         axis == 0   ? one
                         : axis == 1 ? channels
                         : axis == 2 ? value->height
                                     : value->width,
                         &factor))
            return planche_onnx_sized(t, "the factor");
        if (axis < 2 && factor != 1)
            return planche_onnx_unsupported(t, "only rows and columns can be resized");
        if (axis >= 2)
            factors[axis - 2] = factor;
    }
    return PLANCHE_OK;
}

enum planche_status planche_onnx_resize(planche_onnx_t *t)
{
    struct planche_onnx_value value = *planche_onnx_input(t, 0);
    struct planche_layer *layer;
    double factors[2] = {1, 1};
    int blob;
    if (value.kind != PLANCHE_ONNX_PICTURE || value.vector)
        return planche_onnx_unsupported(t, "only pictures can be resized");
    enum planche_status status = planche_onnx_blob(t, &value, &blob);
    if (status == PLANCHE_OK)
        status = get_factors(t, &value, factors);
    for (int i = 0; status == PLANCHE_OK && i < 2; i++) {
        struct planche_onnx_number *size = i ? &value.width : &value.height;
        *size = planche_onnx_times(*size, factors[i]);
        if (!(factors[i] >= 0.0625 && factors[i] <= 16))
            return planche_onnx_unsupported(t, "a factor of %g is not supported (1/16 to 16)",
                                            factors[i]);
        if (!planche_onnx_floor_div(*size, 1, size))
            return planche_onnx_sized(t, "the size of its result");
    }
    layer = status == PLANCHE_OK ? planche_onnx_layer(t, PLANCHE_LAYER_INTERP, blob, -1, &status)
                                 : NULL;
    if (!layer)
        return status;
    layer->factor_h = (float)factors[0];
    layer->factor_w = (float)factors[1];
    value = planche_onnx_made(layer, &value);
    planche_onnx_set(t, &value);
    return set_mode(t, factors, layer);
}
