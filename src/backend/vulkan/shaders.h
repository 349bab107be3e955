/* SPDX-License-Identifier: MIT */
/* Compute shaders, by name. */
#ifndef PLANCHE_BACKEND_VULKAN_SHADERS_H
#define PLANCHE_BACKEND_VULKAN_SHADERS_H

/* PLANCHE_SHADER_<NAME> for each line of shaders.def. Each is built for f32
 * and f16 activations where it has both. */
enum planche_shader {
#define PLANCHE_SHADER(name, pixels_x, pixels_y, values_z) PLANCHE_SHADER_##name,
#include "backend/vulkan/shaders.def"
#undef PLANCHE_SHADER
    PLANCHE_SHADER_COUNT
};

#endif
