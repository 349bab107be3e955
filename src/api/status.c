/* SPDX-License-Identifier: MIT */
/* Names of statuses, and the version of the library that is running. */
#include <planche/error.h>
#include <planche/version.h>
#include <stddef.h>

static const char *const names[] = {
    [PLANCHE_OK] = "ok",
    [PLANCHE_ERROR_ARGUMENT] = "bad argument",
    [PLANCHE_ERROR_MEMORY] = "out of memory",
    [PLANCHE_ERROR_BUDGET] = "memory budget",
    [PLANCHE_ERROR_LIMIT] = "limit exceeded",
    [PLANCHE_ERROR_IO] = "input or output",
    [PLANCHE_ERROR_DATA] = "damaged image",
    [PLANCHE_ERROR_MODEL] = "damaged model",
    [PLANCHE_ERROR_UNSUPPORTED] = "unsupported",
    [PLANCHE_ERROR_NOT_FOUND] = "not found",
    [PLANCHE_ERROR_EXISTS] = "output exists",
    [PLANCHE_ERROR_CANCELLED] = "cancelled",
    [PLANCHE_ERROR_INTERNAL] = "internal error",
    [PLANCHE_ERROR_DEVICE] = "GPU failure",
    [PLANCHE_ERROR_DEADLINE] = "deadline passed",
};

const char *planche_status_name(enum planche_status status)
{
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown status";
}

const char *planche_version(void)
{
    return PLANCHE_VERSION;
}
