/* SPDX-License-Identifier: MIT */
/* Encoded results in memory, in a block that grows. */
#include "engine/output_memory.h"

#include "base/checked.h"
#include "base/status.h"

#include <string.h>

enum planche_status planche_output_memory_begin(void *user, struct planche_budget *budget,
                                                unsigned part, struct planche_error *error)
{
    struct planche_output_memory *target = user;
    (void)part;
    (void)error;
    if (target->budget)
        planche_budget_release(target->budget, target->capacity);
    planche_free(target->data);
    *target = (struct planche_output_memory){.budget = budget->parent};
    return PLANCHE_OK;
}

/* An eighth more than it must, so that growing is rare. */
static size_t capacity_for(size_t size)
{
    size_t capacity = size + size / 8;
    return capacity < (size_t)64 << 10 ? (size_t)64 << 10 : capacity;
}

/* How large enlarged pages of very much detail become, in quarters of their pixels. */
static uint64_t quarters(enum planche_format format, const struct planche_page_options *options)
{
    bool lossless = options->lossless && format != PLANCHE_FORMAT_JPEG;
    bool much = lossless || options->quality > 95;
    switch (format) {
    case PLANCHE_FORMAT_JPEG:
    case PLANCHE_FORMAT_WEBP:
        return much ? 4 : 2;
    case PLANCHE_FORMAT_AVIF:
        return much ? 6 : 4;
    case PLANCHE_FORMAT_JXL:
        return much ? 5 : 4;
    default:
        return 4;
    }
}

uint64_t planche_output_memory_needed(void *user, const struct planche_image_info *info,
                                      const struct planche_page_options *options, unsigned parts)
{
    (void)user;
    (void)parts;
    uint64_t bytes = (uint64_t)info->width * info->height * planche_image_pixel_size(info);
    bytes = bytes * quarters(info->format, options) / 4;
    if (info->metadata)
        bytes += info->metadata->icc.size + info->metadata->exif.size + info->metadata->xmp.size;
    return capacity_for(bytes + bytes / 256 + ((uint64_t)64 << 10));
}

static enum planche_status grow(struct planche_output_memory *target, size_t wanted,
                                struct planche_error *error)
{
    size_t capacity = capacity_for(wanted);
    if (!planche_budget_reserve(target->budget, capacity - target->capacity))
        return planche_fail(error, PLANCHE_ERROR_BUDGET,
                            "no room in the memory budget of %llu bytes for the encoded result; "
                            "give it more",
                            (unsigned long long)target->budget->limit);
    uint8_t *grown = planche_realloc(NULL, target->data, capacity);
    if (!grown) {
        planche_budget_release(target->budget, capacity - target->capacity);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the encoded result");
    }
    target->data = grown;
    target->capacity = capacity;
    return PLANCHE_OK;
}

enum planche_status planche_output_memory_write(void *user, const void *data, size_t size,
                                                struct planche_error *error)
{
    struct planche_output_memory *target = user;
    enum planche_status status = PLANCHE_OK;
    size_t wanted;
    if (!planche_add_size(target->size, size, &wanted) || wanted > SIZE_MAX / 2)
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "the encoded result is too large");
    if (wanted > target->capacity)
        status = grow(target, wanted, error);
    if (status)
        return status;
    memcpy(target->data + target->size, data, size);
    target->size = wanted;
    return PLANCHE_OK;
}
