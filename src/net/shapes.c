/* SPDX-License-Identifier: MIT */
/* Shape inference: the sizes of a net's tensors for a size of its input, and its steps'
 * multiply-adds. */
#include "net/net.h"

#include <math.h>

#define SIZE_LIMIT ((int64_t)1 << 31)

int64_t planche_conv_size(int64_t size, int kernel, int stride, int dilation, int padding)
{
    int64_t span = size + padding - ((int64_t)dilation * (kernel - 1) + 1);
    return span < 0 ? 0 : span / stride + 1;
}

int64_t planche_deconv_size(int64_t size, int kernel, int stride, int dilation, int padding)
{
    return (size - 1) * stride + (int64_t)dilation * (kernel - 1) + 1 - padding;
}

bool planche_interp_size(int64_t size, float factor, int64_t *out)
{
    double exact = (double)size * (double)factor;
    /* Factors such as 1/3 are not exact; nor may their error make up a pixel of a large size. */
    double slack = fmin(1e-6 * exact, 0.1);
    *out = (int64_t)floor(exact + slack);
    return fabs((double)*out - exact) <= fmin(2e-6 * exact, 0.1);
}

static int64_t padded(const struct planche_recipe *recipe, int64_t size)
{
    int64_t multiple = recipe->multiple;
    return (size + multiple - 1) / multiple * multiple + 2 * (int64_t)recipe->pad;
}

struct planche_shape planche_padded_shape(const struct planche_recipe *recipe, int64_t width,
                                          int64_t height)
{
    return (struct planche_shape){padded(recipe, height), padded(recipe, width)};
}

struct planche_shape planche_view_shape(const struct planche_view *view,
                                        const struct planche_shape *shapes)
{
    const struct planche_shape *tensor = &shapes[view->tensor];
    return (struct planche_shape){tensor->height - view->top - view->bottom,
                                  tensor->width - view->left - view->right};
}

bool planche_windows_fit(struct planche_shape shape, int window)
{
    return shape.height % window == 0 && shape.width % window == 0 &&
           shape.height >= 2 * (int64_t)window && shape.width >= 2 * (int64_t)window;
}

static bool same_shape(struct planche_shape a, struct planche_shape b)
{
    return a.height == b.height && a.width == b.width;
}

static bool inputs_agree(const struct planche_step *step, const struct planche_shape *shapes)
{
    struct planche_shape first = planche_view_shape(&step->inputs[0], shapes);
    for (int i = 1; i < step->input_count; i++)
        if (!same_shape(first, planche_view_shape(&step->inputs[i], shapes)))
            return false;
    return first.height >= 1 && first.width >= 1;
}

static bool step_shape(const struct planche_step *step, struct planche_shape in,
                       struct planche_shape *out)
{
    *out = in;
    switch (step->op) {
    case PLANCHE_STEP_CONV:
    case PLANCHE_STEP_DEPTHWISE:
        out->height = planche_conv_size(in.height, step->kernel_h, step->stride_h, step->dilation_h,
                                        step->pad_top + step->pad_bottom);
        out->width = planche_conv_size(in.width, step->kernel_w, step->stride_w, step->dilation_w,
                                       step->pad_left + step->pad_right);
        return true;
    case PLANCHE_STEP_DECONV:
        out->height = planche_deconv_size(in.height, step->kernel_h, step->stride_h,
                                          step->dilation_h, step->pad_top + step->pad_bottom);
        out->width = planche_deconv_size(in.width, step->kernel_w, step->stride_w, step->dilation_w,
                                         step->pad_left + step->pad_right);
        return true;
    case PLANCHE_STEP_INTERP:
        return planche_interp_size(in.height, step->factor_h, &out->height) &&
               planche_interp_size(in.width, step->factor_w, &out->width);
    case PLANCHE_STEP_SHUFFLE:
        out->height *= step->shuffle;
        out->width *= step->shuffle;
        return true;
    case PLANCHE_STEP_PAD:
        out->height += step->pad_top + step->pad_bottom;
        out->width += step->pad_left + step->pad_right;
        return true;
    case PLANCHE_STEP_POOL:
        *out = (struct planche_shape){1, 1};
        return true;
    case PLANCHE_STEP_ATTENTION:
        return planche_windows_fit(in, step->window);
    default:
        return true;
    }
}

static bool in_range(struct planche_shape shape)
{
    return shape.height >= 1 && shape.width >= 1 && shape.height < SIZE_LIMIT &&
           shape.width < SIZE_LIMIT;
}

bool planche_net_shapes(const struct planche_net *net, int64_t height, int64_t width,
                        struct planche_shape *shapes)
{
    shapes[0] = (struct planche_shape){height, width};
    if (!in_range(shapes[0]))
        return false;
    for (int i = 0; i < net->step_count; i++) {
        const struct planche_step *step = &net->steps[i];
        struct planche_shape *out = &shapes[step->output];
        if (!inputs_agree(step, shapes) ||
            !step_shape(step, planche_view_shape(&step->inputs[0], shapes), out) || !in_range(*out))
            return false;
        for (int j = 0; j < step->residual_count; j++)
            if (!same_shape(*out, planche_view_shape(&step->residuals[j].view, shapes)))
                return false;
    }
    return in_range(planche_view_shape(&net->output, shapes));
}

int planche_step_in_channels(const struct planche_net *net, const struct planche_step *step)
{
    int channels = 0;
    for (int i = 0; i < step->input_count; i++)
        channels += net->tensors[step->inputs[i].tensor].channels;
    return channels;
}

double planche_step_macs(const struct planche_net *net, const struct planche_step *step,
                         const struct planche_shape *shapes)
{
    struct planche_shape at = shapes[step->output];
    double kernel;
    if (step->op == PLANCHE_STEP_ATTENTION) /* two products with every pixel of a window */
        return 2.0 * step->window * step->window * net->tensors[step->output].channels *
               (double)at.height * (double)at.width;
    if (step->op == PLANCHE_STEP_DECONV)
        at = planche_view_shape(&step->inputs[0], shapes);
    else if (!planche_step_has_kernel(step) && step->op != PLANCHE_STEP_INNER)
        return 0;
    kernel = (double)step->kernel_h * step->kernel_w * net->tensors[step->output].channels;
    if (step->op != PLANCHE_STEP_DEPTHWISE)
        kernel *= planche_step_in_channels(net, step);
    return kernel * (double)at.height * (double)at.width;
}
