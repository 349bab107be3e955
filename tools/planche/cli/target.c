/* SPDX-License-Identifier: MIT */
/* Target of pages: sizes as people write them. */
#include "cli/target.h"

#include "cli/devices.h"
#include "cli/number.h"

#include <stdio.h>
#include <string.h>

/* A number up to the end of what is digits; *text is behind it. */
static bool take_side(const char **text, uint32_t most, uint32_t *side)
{
    char digits[12];
    long number;
    size_t length = strspn(*text, "0123456789");
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, *text, length);
    digits[length] = 0;
    *text += length;
    if (!planche_cli_parse_integer(digits, 1, most, &number))
        return false;
    *side = (uint32_t)number;
    return true;
}

static bool take_times(const char **text)
{
    static const char *const signs[] = {"x", "X", "\xc3\x97"};
    *text += strspn(*text, " ");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t length = strlen(signs[i]);
        if (strncmp(*text, signs[i], length) != 0)
            continue;
        *text += length;
        *text += strspn(*text, " ");
        return true;
    }
    return false;
}

bool planche_cli_parse_size(const char *text, uint32_t most, uint32_t *width, uint32_t *height)
{
    uint32_t sides[2];
    bool ok = take_side(&text, most, &sides[0]) && take_times(&text) &&
              take_side(&text, most, &sides[1]) && *text == 0;
    if (!ok)
        return false;
    *width = sides[0];
    *height = sides[1];
    return true;
}

bool planche_cli_target_fit(struct planche_page_options *page, const char *text)
{
    page->fit = PLANCHE_FIT_SCREEN;
    return planche_cli_parse_size(text, INT32_MAX, &page->width, &page->height);
}

bool planche_cli_target_device(struct planche_page_options *page, const char *name)
{
    const struct planche_cli_device *device = planche_cli_device_find(name);
    if (device == NULL)
        return false;
    page->fit = PLANCHE_FIT_SCREEN;
    page->width = device->width;
    page->height = device->height;
    return true;
}

bool planche_cli_target_settle(struct planche_page_options *page, unsigned scale)
{
    bool has_target = page->width != 0 || page->height != 0;
    if (has_target && scale == 0 && page->scale == 0)
        page->scale = PLANCHE_SCALE_AUTO;
    return has_target || page->scale != PLANCHE_SCALE_AUTO;
}
