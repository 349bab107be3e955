/* SPDX-License-Identifier: MIT */
/* What the library was built with: compiler, machine, and the libraries that it runs with. */
#include "codec/format.h"
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

static void (*const others[])(char *text, size_t size) = {name_compiler, name_lcms, name_zlib,
                                                          name_nettle};
#define OTHERS (sizeof(others) / sizeof(others[0]))

/* A fact's name ends at its first space: "JPEG-2000 reader". */
static void name_reader(const char *format, char *text, size_t size)
{
    snprintf(text, size, "%s", format);
    for (char *space; (space = strchr(text, ' ')) != NULL;)
        *space = '-';
    size_t length = strlen(text);
    snprintf(text + length, size - length, " reader");
}

int planche_build_info(size_t index, char *text, size_t size)
{
    if (!text || size == 0)
        return 0;
    text[0] = 0;
    if (index < OTHERS) {
        others[index](text, size);
        return 1;
    }
    const struct planche_format_ops *format = planche_format_at(index - OTHERS);
    if (format && format->library)
        format->library(text, size);
    else if (format)
        name_reader(format->name, text, size);
    return format != NULL;
}
