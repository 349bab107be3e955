/* SPDX-License-Identifier: MIT */
/* Makes pipelines of shaders, once for each set of constants. */
#include "backend/vulkan/pipeline.h"

#include "backend/vulkan/spirv.h"
#include "base/status.h"

#include <string.h>

static const char *const names[PLANCHE_SHADER_COUNT] = {
#define PLANCHE_SHADER(name, pixels_x, pixels_y, values_z) #name,
#include "backend/vulkan/shaders.def"
#undef PLANCHE_SHADER
};

static struct planche_gpu_pipeline *find(const struct planche_gpu_device *device,
                                         enum planche_shader shader, const int32_t *constants,
                                         unsigned count)
{
    for (struct planche_gpu_pipeline *p = device->pipelines; p; p = p->next) {
        if (p->shader == shader && p->count == count &&
            (count == 0 || memcmp(p->constants, constants, count * sizeof *constants) == 0))
            return p;
    }
    return NULL;
}

static VkResult make_pipeline(struct planche_gpu_device *device, struct planche_gpu_pipeline *made,
                              VkShaderModule module, bool matrix)
{
    VkSpecializationMapEntry entries[PLANCHE_GPU_CONSTANTS];
    for (unsigned i = 0; i < made->count; i++)
        entries[i] = (VkSpecializationMapEntry){i, i * sizeof(int32_t), sizeof(int32_t)};
    VkSpecializationInfo constants = {.mapEntryCount = made->count,
                                      .pMapEntries = entries,
                                      .dataSize = made->count * sizeof(int32_t),
                                      .pData = made->constants};
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfoEXT subgroup = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO_EXT,
        .requiredSubgroupSize = PLANCHE_GPU_SUBGROUP};
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT, /* long dispatches are cut into pieces */
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .pNext = matrix ? &subgroup : NULL,
                  .flags =
                      matrix ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT_EXT : 0,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &constants},
        .layout = device->pipeline_layout};
    return device->fn.CreateComputePipelines(device->device, device->cache, 1, &info, NULL,
                                             &made->pipeline);
}

static enum planche_status compile(struct planche_gpu_device *device,
                                   struct planche_gpu_pipeline *made, struct planche_error *error)
{
    const char *name = names[made->shader];
    const struct planche_spirv *spirv =
        &planche_spirv[made->shader][device->path != PLANCHE_GPU_PATH_F32];
    VkShaderModule module;
    if (!spirv->code || (spirv->matrix && device->path < PLANCHE_GPU_PATH_KHR))
        return planche_fail(error, PLANCHE_ERROR_DEVICE, "the shader %s has no variant for %s",
                            name, planche_gpu_path_name(device->path));
    VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                     .codeSize = spirv->size,
                                     .pCode = spirv->code};
    VkResult result = device->fn.CreateShaderModule(device->device, &info, NULL, &module);
    if (result == VK_SUCCESS) {
        result = make_pipeline(device, made, module, spirv->matrix);
        device->fn.DestroyShaderModule(device->device, module, NULL);
    }
    return planche_gpu_check(device, result, name, error);
}

/* Puts a new pipeline into the list, unless another thread has made the same meanwhile. */
static VkPipeline keep(struct planche_gpu_device *device, struct planche_gpu_pipeline *made)
{
    pthread_mutex_lock(&device->pipeline_mutex);
    const struct planche_gpu_pipeline *kept =
        find(device, made->shader, made->constants, made->count);
    if (!kept) {
        made->next = device->pipelines;
        kept = device->pipelines = made;
    }
    VkPipeline pipeline = kept->pipeline;
    pthread_mutex_unlock(&device->pipeline_mutex);
    if (kept != made) {
        device->fn.DestroyPipeline(device->device, made->pipeline, NULL);
        planche_free(made);
    }
    return pipeline;
}

enum planche_status planche_gpu_pipeline_get(struct planche_gpu_device *device,
                                             enum planche_shader shader, const int32_t *constants,
                                             unsigned count, VkPipeline *out,
                                             struct planche_error *error)
{
    pthread_mutex_lock(&device->pipeline_mutex);
    const struct planche_gpu_pipeline *known = find(device, shader, constants, count);
    pthread_mutex_unlock(&device->pipeline_mutex);
    *out = known ? known->pipeline : VK_NULL_HANDLE;
    if (known)
        return PLANCHE_OK;
    struct planche_gpu_pipeline *made = planche_calloc(device->budget, 1, sizeof *made);
    if (!made)
        return planche_fail_memory(error, device->budget, sizeof *made, "a GPU's pipeline");
    made->shader = shader;
    made->count = count;
    if (count)
        memcpy(made->constants, constants, count * sizeof *constants);
    enum planche_status status = compile(device, made, error);
    if (status == PLANCHE_OK)
        *out = keep(device, made);
    else
        planche_free(made);
    return status;
}
