/* SPDX-License-Identifier: MIT */
/* Path traversal (zip slip): names of entries are made plain, and refused when they could leave the
 * target. The set of names finds duplicates. */
#include "archive/name.h"

#include "base/text.h"
#include "os/system.h"

#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Control characters and what is not UTF-8 do not survive being cleaned. */
static bool is_clean(const char *name, char *scratch)
{
    strcpy(scratch, name);
    planche_text_clean(scratch);
    return strcmp(scratch, name) == 0;
}

/* Behind slashes and drive letters, which make a name absolute. */
static const char *skip_root(const char *name)
{
    for (;;) {
        if (*name == '/' || *name == '\\')
            name++;
        else if (is_letter(*name) && name[1] == ':')
            name += 2;
        else
            return name;
    }
}

const char *planche_name_plain(const char *name, bool backslashes, char *out, bool *stripped)
{
    size_t length = 0, levels = 0;
    *stripped = false;
    if (strlen(name) > PLANCHE_ENTRY_NAME_BYTES)
        return "is longer than 4096 bytes";
    if (*name == 0)
        return "is empty";
    if (!is_clean(name, out))
        return "has control characters or is not UTF-8";
    for (const char *at = name; *at;) {
        /* A root may hide behind "./". */
        const char *below = length == 0 ? skip_root(at) : at;
        *stripped = *stripped || below != at;
        at = below;
        size_t part = strcspn(at, "/\\");
        if (part == 2 && memcmp(at, "..", 2) == 0)
            return "leads out of its folder (..)";
        bool last = at[part] == 0;
        bool cut = at[part] != '\\' || backslashes;
        bool nothing = cut && (length == 0 || out[length - 1] == '/') &&
                       (part == 0 || (part == 1 && *at == '.'));
        if (!nothing) {
            memmove(out + length, at, part);
            length += part;
            if (!last)
                out[length++] = cut ? '/' : at[part];
            levels += !last && cut;
        }
        at += part + !last;
    }
    if (length > 0 && out[length - 1] == '/') {
        length--;
        levels--;
    }
    out[length] = 0;
    return levels > PLANCHE_ENTRY_NAME_LEVELS ? "lies in more than 32 folders" : NULL;
}

void planche_name_number(const char *name, unsigned number, char *out)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    const char *dot = strrchr(base, '.');
    size_t stem = dot && dot != base ? (size_t)(dot - name) : strlen(name);
    char mark[16];
    int length = snprintf(mark, sizeof mark, " (%u)", number);
    memmove(out, name, stem);
    memcpy(out + stem, mark, (size_t)length);
    strcpy(out + stem + length, name + stem);
}

/* Bytes of leading zeros, and of digits behind them. */
static void measure_number(const char *text, size_t *zeros, size_t *digits)
{
    *zeros = strspn(text, "0");
    *digits = strspn(text + *zeros, "0123456789");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

int planche_name_compare(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*x && *y) {
        if (is_digit(*x) && is_digit(*y)) {
            size_t x_zeros, y_zeros, x_digits, y_digits;
            measure_number(x, &x_zeros, &x_digits);
            measure_number(y, &y_zeros, &y_digits);
            if (x_digits != y_digits)
                return x_digits < y_digits ? -1 : 1;
            int order = memcmp(x + x_zeros, y + y_zeros, x_digits);
            if (order)
                return order;
            x += x_zeros + x_digits;
            y += y_zeros + y_digits;
        } else if (fold(*x) != fold(*y)) {
            return fold(*x) - fold(*y);
        } else {
            x++;
            y++;
        }
    }
    if (*x || *y)
        return *x ? 1 : -1;
    return strcmp(a, b);
}

bool planche_name_is_work(const char *name)
{
    static const char mark[] = ".planche";
    size_t length = strlen(name), marked = sizeof mark - 1;
    if (*name != '.')
        return false;
    if (length > 17 && name[length - 17] == '-' &&
        strspn(name + length - 16, "0123456789abcdef") == 16)
        length -= 17;
    return length > marked + 1 && memcmp(name + length - marked, mark, marked) == 0;
}

static uint64_t hash(uint64_t seed, const char *text, size_t size)
{
    uint64_t value = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < size; i++)
        value = (value ^ (unsigned char)text[i]) * 0x100000001b3u;
    value ^= value >> 32;
    value *= 0x9e3779b97f4a7c15u;
    value &= ~(uint64_t)1;
    return value ? value : 2;
}

/* The slot of a hash, or the free one where it belongs. */
static uint64_t *find_slot(uint64_t *slots, size_t room, uint64_t key)
{
    size_t at = (size_t)(key >> 20) & (room - 1);
    while (slots[at] && (slots[at] | 1) != (key | 1))
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static bool grow(struct planche_name_set *set)
{
    if (set->count < set->room / 2)
        return true;
    /* Nobody shall choose names that meet in one slot. Without randomness they may. */
    if (!set->slots && !planche_system_random(&set->seed, sizeof set->seed))
        set->seed = 0;
    size_t room = set->room ? set->room * 2 : 256;
    uint64_t *slots = planche_calloc(set->budget, room, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i])
            *find_slot(slots, room, set->slots[i]) = set->slots[i];
    planche_free(set->slots);
    set->slots = slots;
    set->room = room;
    return true;
}

static enum planche_name_found add(struct planche_name_set *set, const char *name, size_t size,
                                   bool folder)
{
    if (!grow(set))
        return PLANCHE_NAME_NO_MEMORY;
    uint64_t key = hash(set->seed, name, size), *slot = find_slot(set->slots, set->room, key);
    if (*slot && folder != (*slot & 1))
        return PLANCHE_NAME_CLASH;
    if (*slot)
        return folder ? PLANCHE_NAME_AGAIN : PLANCHE_NAME_TAKEN;
    *slot = key | folder;
    set->count++;
    return PLANCHE_NAME_NEW;
}

enum planche_name_found planche_name_set_add(struct planche_name_set *set, const char *name,
                                             bool folder)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        enum planche_name_found found = add(set, name, (size_t)(slash - name), true);
        if (found == PLANCHE_NAME_NO_MEMORY)
            return found;
        if (found == PLANCHE_NAME_CLASH)
            return PLANCHE_NAME_IN_FILE;
    }
    return add(set, name, strlen(name), folder);
}

bool planche_name_set_has_file(const struct planche_name_set *set, const char *name)
{
    if (!set->slots)
        return false;
    const uint64_t slot = *find_slot(set->slots, set->room, hash(set->seed, name, strlen(name)));
    return slot && !(slot & 1);
}

void planche_name_set_free(struct planche_name_set *set)
{
    planche_free(set->slots);
    set->slots = NULL;
    set->room = set->count = 0;
}
