/* SPDX-License-Identifier: MIT */
/* The compiled shaders, as shaders/spirv.py puts them into the library. */
#ifndef PLANCHE_BACKEND_VULKAN_SPIRV_H
#define PLANCHE_BACKEND_VULKAN_SPIRV_H

#include "backend/vulkan/shaders.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct planche_spirv {
    const uint32_t *code; /* NULL: there is no such variant */
    size_t size;          /* bytes */
    bool matrix;          /* it uses cooperative matrices: its workgroups are full subgroups */
};
/* [shader][0]: f32, [1]: f16 */
extern const struct planche_spirv planche_spirv[PLANCHE_SHADER_COUNT][2];

/* Makes the uniform block of a shader, given as so many words, a block of a storage buffer. */
void planche_spirv_use_storage(uint32_t *code, size_t words);

#endif
