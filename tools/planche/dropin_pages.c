/* SPDX-License-Identifier: MIT */
/* Names of pages and results as the ncnn programs choose them. */
#include "dropin.h"

#include "terminal.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* png, jpg, jpeg and webp, in either case; AUTO: none of them. */
static enum planche_format format_of(const char *extension)
{
    static const struct {
        const char *extension;
        enum planche_format format;
    } known[] = {{"png", PLANCHE_FORMAT_PNG},
                 {"jpg", PLANCHE_FORMAT_JPEG},
                 {"jpeg", PLANCHE_FORMAT_JPEG},
                 {"webp", PLANCHE_FORMAT_WEBP}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(extension, known[i].extension) == 0)
            return known[i].format;
    }
    return PLANCHE_FORMAT_AUTO;
}

/* NULL: no memory. */
__attribute__((format(printf, 1, 2))) static char *make_text(const char *format, ...)
{
    char *text;
    va_list values;
    va_start(values, format);
    int length = vasprintf(&text, format, values);
    va_end(values);
    return length < 0 ? NULL : text;
}

/* A file's first bytes, as far as they tell of alpha. */
#define HEAD 4096

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool png_has_alpha(const unsigned char *head, size_t size)
{
    if (size < 33 || memcmp(head, "\x89PNG\r\n\x1a\n", 8) != 0)
        return false;
    if (head[25] == 4 || head[25] == 6)
        return true;
    /* Chunks up to the pixels: length, name, data, checksum. */
    for (size_t at = 8; at + 8 <= size; at += (size_t)big_endian(head + at) + 12) {
        if (memcmp(head + at + 4, "tRNS", 4) == 0)
            return true;
        if (memcmp(head + at + 4, "IDAT", 4) == 0)
            return false;
    }
    return false;
}

static bool webp_has_alpha(const unsigned char *head, size_t size)
{
    if (size < 30 || memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WEBP", 4) != 0)
        return false;
    if (memcmp(head + 12, "VP8X", 4) == 0)
        return (head[20] & 0x10) != 0;
    return memcmp(head + 12, "VP8L", 4) == 0 && (head[24] & 0x10) != 0;
}

static bool has_alpha(const char *path)
{
    unsigned char head[HEAD];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    size_t size = fread(head, 1, sizeof head, file);
    fclose(file);
    return png_has_alpha(head, size) || webp_has_alpha(head, size);
}

/* JPEG files have no alpha: these programs write NAME.jpg.png then. */
static bool keep_alpha(struct planche_cli_dropin_page *page)
{
    if (page->format != PLANCHE_FORMAT_JPEG || !has_alpha(page->input))
        return true;
    char *output = make_text("%s.png", page->output);
    if (output == NULL)
        return false;
    planche_cli_note("image %s has alpha channel ! %s will output %s", page->input, page->input,
                     output);
    free(page->output);
    page->output = output;
    page->format = PLANCHE_FORMAT_PNG;
    return true;
}

static struct planche_cli_dropin_page *one_page(const struct planche_cli_dropin *o, size_t *count)
{
    const char *dot = strrchr(o->output, '.');
    enum planche_format format = dot != NULL ? format_of(dot + 1) : PLANCHE_FORMAT_AUTO;
    if (format == PLANCHE_FORMAT_AUTO) {
        planche_cli_note("invalid outputpath extension type: %s is neither .png, .jpg, .webp nor a "
                         "folder",
                         o->output);
        return NULL;
    }
    struct planche_cli_dropin_page *page = calloc(1, sizeof *page);
    *count = 1;
    if (page != NULL) {
        *page = (struct planche_cli_dropin_page){strdup(o->input), strdup(o->output), format};
        if (page->input != NULL && page->output != NULL && keep_alpha(page))
            return page;
    }
    planche_cli_dropin_pages_free(page, page != NULL);
    planche_cli_note("out of memory");
    return NULL;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static bool is_page(const char *folder, const char *name)
{
    struct stat info;
    char *path = make_text("%s/%s", folder, name);
    bool page = path == NULL || stat(path, &info) != 0 || !S_ISDIR(info.st_mode);
    free(path);
    return page;
}

static int stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL ? (int)(dot - name) : (int)strlen(name);
}

/* The first of count pages that becomes `output`, or NULL. */
static const struct planche_cli_dropin_page *
find_output(const struct planche_cli_dropin_page *pages, size_t count, const char *output)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pages[i].output, output) == 0)
            return &pages[i];
    }
    return NULL;
}

/* Adds pages[count]. a.jpg becomes a.png, and after it a.png becomes a.png.png. */
static bool add_page(struct planche_cli_dropin_page *pages, size_t count,
                     const struct planche_cli_dropin *o, const char *name)
{
    struct planche_cli_dropin_page *page = &pages[count];
    page->format = format_of(o->format);
    page->input = make_text("%s/%s", o->input, name);
    page->output = make_text("%s/%.*s.%s", o->output, stem_length(name), name, o->format);
    if (page->input == NULL || page->output == NULL)
        return false;
    const struct planche_cli_dropin_page *other = find_output(pages, count, page->output);
    if (other != NULL) {
        char *output = make_text("%s/%s.%s", o->output, name, o->format);
        if (output == NULL)
            return false;
        planche_cli_note("both %s and %s output %s ! %s will output %s", page->input, other->input,
                         page->output, page->input, output);
        free(page->output);
        page->output = output;
    }
    return keep_alpha(page);
}

static struct planche_cli_dropin_page *folder_pages(const struct planche_cli_dropin *o,
                                                    size_t *count)
{
    struct dirent **entries;
    int found = scandir(o->input, &entries, is_visible, by_bytes);
    if (found < 0) {
        planche_cli_note("opendir failed %s: %s", o->input, strerror(errno));
        return NULL;
    }
    struct planche_cli_dropin_page *pages = calloc((size_t)found + 1, sizeof *pages);
    bool ok = pages != NULL;
    *count = 0;
    for (int i = 0; ok && i < found; i++) {
        if (is_page(o->input, entries[i]->d_name))
            ok = add_page(pages, (*count)++, o, entries[i]->d_name);
    }
    for (int i = 0; i < found; i++)
        free(entries[i]);
    free(entries);
    if (ok)
        return pages;
    planche_cli_dropin_pages_free(pages, *count);
    planche_cli_note("out of memory");
    return NULL;
}

struct planche_cli_dropin_page *planche_cli_dropin_pages(const struct planche_cli_dropin *options,
                                                         size_t *count)
{
    bool from_folder = is_folder(options->input), to_folder = is_folder(options->output);
    if (!to_folder && !from_folder)
        return one_page(options, count);
    if (from_folder != to_folder) {
        planche_cli_note("inputpath and outputpath must be either file or directory at the same "
                         "time: %s is %s folder, %s is %s",
                         options->input, from_folder ? "a" : "no", options->output,
                         to_folder ? "one" : "not");
        return NULL;
    }
    /* Written as they are these become names. */
    if (strcmp(options->format, "png") != 0 && strcmp(options->format, "jpg") != 0 &&
        strcmp(options->format, "webp") != 0) {
        planche_cli_note("invalid format argument '%s': it is jpg, png or webp", options->format);
        return NULL;
    }
    return folder_pages(options, count);
}

void planche_cli_dropin_pages_free(struct planche_cli_dropin_page *pages, size_t count)
{
    for (size_t i = 0; pages != NULL && i < count; i++) {
        free(pages[i].input);
        free(pages[i].output);
    }
    free(pages);
}
