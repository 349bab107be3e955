/* SPDX-License-Identifier: MIT */
/* Questions to the names and shapes of a state dict. */
#include "model/arch/keys.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME 160

static const struct planche_state_tensor *find(const struct planche_state *state,
                                               const char *format, va_list args)
{
    char name[NAME];
    int length = vsnprintf(name, sizeof(name), format, args);
    return length >= 0 && length < NAME ? planche_state_find(state, name) : NULL;
}

const struct planche_state_tensor *planche_arch_tensor(const struct planche_state *state,
                                                       const char *format, ...)
{
    const struct planche_state_tensor *tensor;
    va_list args;
    va_start(args, format);
    tensor = find(state, format, args);
    va_end(args);
    return tensor;
}

int planche_arch_size(const struct planche_state *state, int axis, const char *format, ...)
{
    const struct planche_state_tensor *tensor;
    va_list args;
    va_start(args, format);
    tensor = find(state, format, args);
    va_end(args);
    if (!tensor || axis >= tensor->rank || tensor->shape[axis] > INT32_MAX)
        return 0;
    return (int)tensor->shape[axis];
}

int planche_arch_run(const struct planche_state *state, const char *prefix, const char *suffix)
{
    int count = 0;
    while (planche_arch_tensor(state, "%s%d%s", prefix, count, suffix))
        count++;
    return count;
}

bool planche_arch_shuffled(int all, int in, int *scale, int *out)
{
    const int channels[] = {in, 3, 4, 1};
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++)
        for (int s = 1; s <= 16; s++)
            if (channels[i] > 0 && all == channels[i] * s * s) {
                *scale = s;
                *out = channels[i];
                return true;
            }
    return false;
}

bool planche_arch_named_scale(const struct planche_arch_builder *builder, int scale)
{
    const char *name = strrchr(builder->graph->name, '/');
    char digit = (char)('0' + scale);
    name = name ? name + 1 : builder->graph->name;
    for (const char *at = name; *at; at++) {
        char before = at > name ? at[-1] : ' ';
        if (*at != digit || isdigit((unsigned char)at[1]) || isdigit((unsigned char)before))
            continue;
        if (tolower((unsigned char)before) == 'x' &&
            (at == name + 1 || !isalpha((unsigned char)at[-2])))
            return true;
        if (tolower((unsigned char)at[1]) == 'x' && !isalnum((unsigned char)at[2]) &&
            !isalnum((unsigned char)before))
            return true;
    }
    return false;
}
