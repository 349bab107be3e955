/* SPDX-License-Identifier: MIT */
/* Makes pipelines of shaders, once for each set of constants. */
#include "backend/vulkan/pipeline.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/path_name.h"
#include "backend/vulkan/spirv.h"
#include "base/status.h"
#include "base/trace.h"

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

static VkResult make_pipeline(struct planche_gpu_device *device,
                              const struct planche_gpu_pipeline *made, VkShaderModule module,
                              bool matrix, VkPipeline *pipeline)
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
        .flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT, /* long dispatches are cut into slices */
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
                                             pipeline);
}

/* lavapipe compiles a shader anew for all values of a uniform block that conditions depend on,
 * which took more than half of the time of what ran on it; it does not do so for a storage buffer.
 */
static uint32_t *with_storage(const struct planche_gpu_device *device,
                              const struct planche_spirv *spirv)
{
    uint32_t *code = planche_alloc(device->budget, spirv->size);
    if (code) {
        memcpy(code, spirv->code, spirv->size);
        planche_spirv_use_storage(code, spirv->size / sizeof *code);
    }
    return code;
}

static enum planche_status compile(struct planche_gpu_device *device,
                                   const struct planche_gpu_pipeline *made, VkPipeline *pipeline,
                                   struct planche_error *error)
{
    const char *name = names[made->shader];
    const struct planche_spirv *spirv =
        &planche_spirv[made->shader][device->path != PLANCHE_GPU_PATH_F32];
    VkShaderModule module;
    if (!spirv->code || (spirv->matrix && device->path < PLANCHE_GPU_PATH_KHR))
        return planche_fail(error, PLANCHE_ERROR_DEVICE, "the shader %s has no variant for %s",
                            name, planche_vk_path_name(device->path));
    bool storage = device->arguments == VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC;
    uint32_t *own = storage ? with_storage(device, spirv) : NULL;
    if (storage && !own)
        return planche_fail_memory(error, device->budget, spirv->size, "a GPU's shader");
    VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                     .codeSize = spirv->size,
                                     .pCode = own ? own : spirv->code};
    VkResult result = device->fn.CreateShaderModule(device->device, &info, NULL, &module);
    if (result == VK_SUCCESS) {
        result = make_pipeline(device, made, module, spirv->matrix, pipeline);
        device->fn.DestroyShaderModule(device->device, module, NULL);
    }
    planche_free(own);
    return planche_gpu_check(device, result, name, error);
}

/* Takes an entry out of the list again. The mutex is held. */
static void drop(struct planche_gpu_device *device, struct planche_gpu_pipeline *gone)
{
    struct planche_gpu_pipeline **at = &device->pipelines;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    planche_free(gone);
}

/* An entry that others see from now on, and wait for. NULL: no memory. The mutex is held. */
static struct planche_gpu_pipeline *begin(struct planche_gpu_device *device,
                                          enum planche_shader shader, const int32_t *constants,
                                          unsigned count)
{
    struct planche_gpu_pipeline *made = planche_calloc(device->budget, 1, sizeof *made);
    if (!made)
        return NULL;
    made->shader = shader;
    made->count = count;
    if (count)
        memcpy(made->constants, constants, count * sizeof *constants);
    made->next = device->pipelines;
    return device->pipelines = made;
}

enum planche_status planche_gpu_pipeline_get(struct planche_gpu_device *device,
                                             enum planche_shader shader, const int32_t *constants,
                                             unsigned count, VkPipeline *out,
                                             struct planche_error *error)
{
    struct planche_gpu_pipeline *known, *made = NULL;
    planche_mutex_lock(&device->pipeline_mutex);
    while ((known = find(device, shader, constants, count)) && !known->pipeline)
        planche_cond_wait(&device->pipeline_made, &device->pipeline_mutex);
    if (!known)
        made = begin(device, shader, constants, count);
    *out = known ? known->pipeline : VK_NULL_HANDLE;
    planche_mutex_unlock(&device->pipeline_mutex);
    if (known)
        return PLANCHE_OK;
    if (!made)
        return planche_fail_memory(error, device->budget, sizeof *made, "a GPU's pipeline");
    VkPipeline pipeline = VK_NULL_HANDLE;
    double start = planche_trace_start(&device->log, PLANCHE_TRACE_GPU);
    enum planche_status status = compile(device, made, &pipeline, error);
    planche_trace_took(&device->log, PLANCHE_TRACE_GPU, start, "pipeline %s", names[shader]);
    planche_mutex_lock(&device->pipeline_mutex);
    made->pipeline = *out = pipeline;
    if (status)
        drop(device, made);
    planche_cond_broadcast(&device->pipeline_made);
    planche_mutex_unlock(&device->pipeline_mutex);
    return status;
}
