/* SPDX-License-Identifier: MIT */
/* Pages and results of drop-in mode, named as the ncnn programs name them. */
#include "ncnn/dropin_pages.h"

#include "base/big_endian.h"
#include "cli/paths.h"
#include "cli/terminal.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Bytes of a file that are read to find an alpha channel. */
#define HEAD 4096

static bool png_has_alpha(const unsigned char *head, size_t size)
{
    if (size < 33 || memcmp(head, "\x89PNG\r\n\x1a\n", 8) != 0)
        return false;
    if (head[25] == 4 || head[25] == 6)
        return true;
    /* Chunks up to the pixels: length, name, data, checksum. */
    for (size_t at = 8; at + 8 <= size; at += (size_t)get32_big(head + at) + 12) {
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
    FILE *file = planche_cli_is_file(path) ? fopen(path, "rbe") : NULL;
    if (file == NULL)
        return false; /* a pipe is read once only */
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

static struct planche_cli_dropin_page *one_page(const struct planche_cli_dropin_options *o,
                                                size_t *count)
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

/* A file that cannot be inspected counts as a page, which then fails. */
static bool is_page(const char *folder, const char *name)
{
    struct stat info;
    char *path = planche_cli_join(folder, name);
    bool page = path == NULL || stat(path, &info) != 0 || S_ISREG(info.st_mode);
    free(path);
    return page;
}

static int stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL ? (int)(dot - name) : (int)strlen(name);
}

/* Naming of a folder's pages. */
struct naming {
    const struct planche_cli_dropin_options *options;
    bool in_place; /* results go where the pages lie */
    struct planche_cli_dropin_page *pages;
    size_t count;
};

/* Collision check: the input of the page that `output` is the result of already, or `output` itself
 * if it is another page. NULL: none. */
static const char *find_collision(const struct naming *naming, const char *input,
                                  const char *output)
{
    for (size_t i = 0; i < naming->count; i++) {
        if (strcmp(naming->pages[i].output, output) == 0)
            return naming->pages[i].input;
    }
    const char *name = planche_cli_base_name(input), *result = planche_cli_base_name(output);
    bool other = naming->in_place && strcmp(name, result) != 0 && access(output, F_OK) == 0;
    return other ? output : NULL;
}

/* After a.jpg became a.png, a.png becomes a.png.png. */
static bool resolve(const struct naming *naming, struct planche_cli_dropin_page *page,
                    const char *name)
{
    const char *folder = naming->options->output, *other_file;
    const char *format = planche_format_extension(page->format);
    for (int tail = 1; (other_file = find_collision(naming, page->input, page->output)) != NULL;
         tail++) {
        char *longer = planche_cli_join(folder, name);
        for (int i = 0; longer != NULL && i < tail; i++) {
            char *next = make_text("%s.%s", longer, format);
            free(longer);
            longer = next;
        }
        if (longer == NULL)
            return false;
        planche_cli_note("both %s and %s output %s ! %s will output %s", page->input, other_file,
                         page->output, page->input, longer);
        free(page->output);
        page->output = longer;
    }
    return true;
}

static bool add_page(struct naming *naming, const char *name)
{
    const struct planche_cli_dropin_options *o = naming->options;
    struct planche_cli_dropin_page *page = &naming->pages[naming->count];
    page->format = format_of(o->format);
    page->input = planche_cli_join(o->input, name);
    page->output = make_text("%s/%.*s.%s", o->output, stem_length(name), name, o->format);
    bool ok = page->input != NULL && page->output != NULL && resolve(naming, page, name) &&
              keep_alpha(page) && resolve(naming, page, name);
    naming->count++;
    return ok;
}

static bool is_same_folder(const char *left, const char *right)
{
    struct stat a, b;
    return stat(left, &a) == 0 && stat(right, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static struct planche_cli_dropin_page *folder_pages(const struct planche_cli_dropin_options *o,
                                                    size_t *count)
{
    struct dirent **entries;
    int found = scandir(o->input, &entries, is_visible, by_bytes);
    if (found < 0) {
        planche_cli_note("opendir failed %s: %s", o->input, strerror(errno));
        return NULL;
    }
    struct naming naming = {
        .options = o,
        .in_place = is_same_folder(o->input, o->output),
        .pages = calloc((size_t)found + 1, sizeof *naming.pages),
    };
    bool ok = naming.pages != NULL;
    for (int i = 0; ok && i < found; i++) {
        if (is_page(o->input, entries[i]->d_name))
            ok = add_page(&naming, entries[i]->d_name);
    }
    for (int i = 0; i < found; i++)
        free(entries[i]);
    free(entries);
    *count = naming.count;
    if (ok)
        return naming.pages;
    planche_cli_dropin_pages_free(naming.pages, naming.count);
    planche_cli_note("out of memory");
    return NULL;
}

struct planche_cli_dropin_page *
planche_cli_dropin_pages(const struct planche_cli_dropin_options *options, size_t *count)
{
    bool from_folder = planche_cli_is_folder(options->input),
         to_folder = planche_cli_is_folder(options->output);
    if (!to_folder && !from_folder)
        return one_page(options, count);
    if (from_folder != to_folder) {
        planche_cli_note("inputpath and outputpath must be either file or directory at the same "
                         "time: %s is %s folder, %s is %s",
                         options->input, from_folder ? "a" : "no", options->output,
                         to_folder ? "one" : "not");
        return NULL;
    }
    /* Not in upper case: they become extensions as they are. */
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
