/* SPDX-License-Identifier: MIT */
/* Weights of convolutions as [kernel row][kernel column][input][output], inputs padded view by view
 * and outputs as their tensors are, so that shaders never ask where a tensor's channels end. */
#include "backend/vulkan/pack_weights.h"

#include "backend/vulkan/half.h"
#include "base/checked.h"

#include <string.h>

int planche_gpu_padded_inputs(const struct planche_gpu_program *program,
                              const struct planche_step *step)
{
    int channels = 0;
    for (int i = 0; i < step->input_count; i++)
        channels += program->pitches[step->inputs[i].tensor];
    return channels;
}

bool planche_gpu_pack_count(const struct planche_gpu_program *program,
                            const struct planche_step *step, size_t *count)
{
    size_t taps = (size_t)step->kernel_w * (size_t)step->kernel_h;
    return planche_mul_size(taps, (size_t)planche_gpu_padded_inputs(program, step), count) &&
           planche_mul_size(*count, (size_t)program->pitches[step->output], count);
}

struct packer {
    const struct planche_gpu_program *program;
    const struct planche_step *step;
    size_t taps, inputs, outputs; /* inputs, outputs: not padded */
    size_t pitch;                 /* of the output */
    bool half;
    void *to;
};

static void put(const struct packer *packer, size_t at, float value)
{
    if (packer->half)
        ((uint16_t *)packer->to)[at] = planche_half_from_float(value);
    else
        ((float *)packer->to)[at] = value;
}

/* All weights of input channel `from`, which is channel `padded` of what the shader sees. */
static void pack_input(const struct packer *packer, size_t from, size_t padded, size_t padded_count)
{
    for (size_t o = 0; o < packer->outputs; o++) {
        const float *kernel = packer->step->weights + (o * packer->inputs + from) * packer->taps;
        for (size_t t = 0; t < packer->taps; t++)
            put(packer, (t * padded_count + padded) * packer->pitch + o, kernel[t]);
    }
}

void planche_gpu_pack(const struct planche_gpu_program *program, const struct planche_step *step,
                      bool half, void *to)
{
    const struct planche_net *net = program->net;
    struct packer packer = {
        .program = program,
        .step = step,
        .taps = (size_t)step->kernel_w * (size_t)step->kernel_h,
        .outputs = (size_t)net->tensors[step->output].channels,
        .pitch = (size_t)program->pitches[step->output],
        .half = half,
        .to = to,
    };
    size_t padded_count = (size_t)planche_gpu_padded_inputs(program, step), count;
    if (!planche_gpu_pack_count(program, step, &count))
        return;
    memset(to, 0, count * (half ? sizeof(uint16_t) : sizeof(float)));
    for (int i = 0; i < step->input_count; i++)
        packer.inputs += (size_t)net->tensors[step->inputs[i].tensor].channels;
    size_t from = 0, padded = 0;
    for (int i = 0; i < step->input_count; i++) {
        int tensor = step->inputs[i].tensor;
        for (int c = 0; c < net->tensors[tensor].channels; c++)
            pack_input(&packer, from++, padded + (size_t)c, padded_count);
        padded += (size_t)program->pitches[tensor];
    }
}
