/* SPDX-License-Identifier: MIT */
/* Writing the small model. */
#include "support/tiny_model.h"

#include "support/random.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CHANNELS 20 /* not whole blocks of lanes */
#define SQUEEZED 4

static void put(struct tiny_model *model, float value)
{
    assert(model->bin_size + sizeof(value) <= sizeof(model->bin));
    memcpy(model->bin + model->bin_size, &value, sizeof(value));
    model->bin_size += sizeof(value);
}

/* Weights behind the tag of single precision, then biases of nothing. */
static void put_layer(struct tiny_model *model, uint64_t *random, unsigned inputs, unsigned outputs,
                      double range)
{
    put(model, 0); /* the tag is four zero bytes */
    for (unsigned i = 0; i < inputs * outputs; i++)
        put(model, (float)test_random_real(random, -range, range));
    for (unsigned i = 0; i < outputs; i++)
        put(model, 0);
}

void tiny_model_make(struct tiny_model *model, unsigned scale)
{
    unsigned planes = 3 * scale * scale;
    uint64_t random = scale;
    int size = snprintf(model->param, sizeof(model->param),
                        "7767517\n"
                        "12 15\n"
                        "Input data 0 1 data\n"
                        "Split page 1 2 data data_0 data_1\n"
                        "Convolution first 1 1 data_0 f 0=%u 1=3 4=1 5=1 6=%u 9=2 -23310=1,0.1\n"
                        "Split features 1 2 f f_0 f_1\n"
                        "Pooling mean 1 1 f_0 mean 0=1 4=1\n"
                        "InnerProduct squeeze 1 1 mean squeezed 0=%u 1=1 2=%u 9=1\n"
                        "InnerProduct excite 1 1 squeezed excited 0=%u 1=1 2=%u 9=4\n"
                        "BinaryOp attend 2 1 f_1 excited attended 0=2\n"
                        "Convolution last 1 1 attended detail 0=%u 1=3 4=1 5=1 6=%u\n"
                        "PixelShuffle shuffle 1 1 detail large 0=%u\n"
                        "Interp enlarge 1 1 data_1 smooth 0=2 1=%u 2=%u\n"
                        "BinaryOp sum 2 1 large smooth output 0=0\n",
                        CHANNELS, CHANNELS * 27, SQUEEZED, SQUEEZED * CHANNELS, CHANNELS,
                        SQUEEZED * CHANNELS, planes, planes * CHANNELS * 9, scale, scale, scale);
    assert(size > 0 && (size_t)size < sizeof(model->param));
    model->param_size = (size_t)size;
    model->bin_size = 0;
    put_layer(model, &random, 27, CHANNELS, 0.3);
    put_layer(model, &random, CHANNELS, SQUEEZED, 0.5);
    put_layer(model, &random, SQUEEZED, CHANNELS, 0.5);
    put_layer(model, &random, CHANNELS * 9, planes, 0.01);
}

static int write_file(const char *path, const char *extension, const void *data, size_t size)
{
    char name[4096];
    if (snprintf(name, sizeof(name), "%s%s", path, extension) >= (int)sizeof(name))
        return 0;
    FILE *file = fopen(name, "wb");
    if (!file)
        return 0;
    int written = fwrite(data, 1, size, file) == size;
    return fclose(file) == 0 && written;
}

int tiny_model_write(const struct tiny_model *model, const char *path)
{
    return write_file(path, ".param", model->param, model->param_size) &&
           write_file(path, ".bin", model->bin, model->bin_size);
}
