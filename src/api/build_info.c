/* SPDX-License-Identifier: MIT */
/* What the library was built with: compiler, machine, and the libraries that it runs with. */
#include "api/args.h"
#include "backend/vulkan/vulkan.h"
#include "codec/isolated.h"
#include "codec/readers.h"
#include "image/icc.h"

#include <planche/version.h>

#include <nettle/version.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "another machine"
#endif

#if defined(__GLIBC__)
#define C_LIBRARY "glibc"
#else
#define C_LIBRARY "another C library"
#endif

static void name_compiler(char *text, size_t size)
{
    snprintf(text, size,
             "compiler " COMPILER ", " MACHINE ", " C_LIBRARY
#ifndef NDEBUG
             ", assertions"
#endif
    );
}

static void name_lcms(char *text, size_t size)
{
    int version = planche_icc_library_version();
    snprintf(text, size, "lcms2 %d.%d", version / 1000, version / 10 % 100);
}

static void name_zlib(char *text, size_t size)
{
    snprintf(text, size, "zlib %s", zlibVersion());
}

static void name_nettle(char *text, size_t size)
{
    snprintf(text, size, "nettle %d.%d", nettle_version_major(), nettle_version_minor());
}

/* What is read beside the formats that are written: by libraries in planche-decode, as they were
 * when it was built, and by code of this library. */
static void name_readers(char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "readers %s", PLANCHE_READERS);
    const struct planche_format_ops *format;
    for (size_t i = 0; (format = planche_format_at(i)) != NULL && used < size; i++) {
        if (!format->library && format->reading != &planche_isolated_reading)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     text[used - 1] == ' ' ? "" : ", ", format->name);
    }
}

static void (*const others[])(char *text, size_t size) = {name_compiler, name_lcms, name_zlib,
                                                          name_nettle, name_readers};
#define OTHERS (sizeof(others) / sizeof(others[0]))

int planche_build_info(size_t index, char *text, size_t size)
{
    if (!text || size == 0)
        return 0;
    text[0] = 0;
    if (index < OTHERS) {
        others[index](text, size);
        return 1;
    }
    /* The formats that libraries write come first in the table. */
    const struct planche_format_ops *format = planche_format_at(index - OTHERS);
    if (!format || !format->library)
        return 0;
    format->library(text, size);
    return 1;
}

static enum planche_status check_format(enum planche_format format, struct planche_error *error)
{
    const struct planche_format_ops *ops = planche_format_get_ops(format);
    struct planche_error reason = {0};
    if (ops->absent)
        return planche_fail_absent(error, NULL, ops);
    enum planche_status status = ops->load ? ops->load(ops->name, &reason) : PLANCHE_OK;
    if (status == PLANCHE_ERROR_UNSUPPORTED)
        status = PLANCHE_ERROR_NOT_FOUND;
    return status == PLANCHE_OK ? PLANCHE_OK : planche_fail(error, status, "%s", reason.message);
}

enum planche_status planche_build_check(const char *part, struct planche_error *error)
{
    struct planche_error own = {0};
    const char *lack = NULL;
    error = planche_args_error(error, &own);
    if (!part)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "no part is named");
    if (strcmp(part, "avif") == 0)
        return check_format(PLANCHE_FORMAT_AVIF, error);
    if (strcmp(part, "jxl") == 0)
        return check_format(PLANCHE_FORMAT_JXL, error);
    if (strcmp(part, "vulkan") == 0)
        lack = planche_vulkan_executor.absent ? "Vulkan" : NULL;
    else if (strcmp(part, "unpack") == 0)
        lack = PLANCHE_HAS_UNPACK ? NULL : "libarchive, which reads RAR, 7z and tar";
    else
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "builds have no part '%.40s'", part);
    if (!lack)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "this Planche was built without %s: install a build that has it", lack);
}
