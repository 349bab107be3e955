/* SPDX-License-Identifier: MIT */
/* Which file each page becomes, decided before any work is done. */
#include "pages.h"

#include "cli.h"
#include "terminal.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int no_memory(void)
{
    planche_cli_message("out of memory; give fewer files");
    return PLANCHE_CLI_NOT_STARTED;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool planche_cli_output_is_folder(const char *output)
{
    size_t length = strlen(output);
    return (length > 0 && output[length - 1] == '/') || is_folder(output);
}

bool planche_cli_make_folder(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return false;
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(copy, 0777); /* the last mkdir tells */
        *slash = '/';
    }
    bool ok = mkdir(copy, 0777) == 0 || (errno == EEXIST && is_folder(copy));
    free(copy);
    return ok;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Length of a file name without its extension. "page.v2 final" has none. */
static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name)
        return strlen(name);
    size_t length = strlen(dot + 1);
    bool letter = false, plain = length >= 1 && length <= 5;
    for (const char *c = dot + 1; *c != 0; c++) {
        letter = letter || isalpha((unsigned char)*c);
        plain = plain && isalnum((unsigned char)*c);
    }
    return plain && letter ? (size_t)(dot - name) : strlen(name);
}

static char *name_output(const char *input, const struct planche_cli_options *options,
                         unsigned scale)
{
    const char *base = base_name(input), *folder = options->output;
    const char *extension = planche_format_extension(options->page.format);
    int stem = (int)stem_length(base);
    char *name = NULL;
    int length;
    if (folder != NULL)
        length = asprintf(&name, "%s%s%.*s.%s", folder,
                          folder[strlen(folder) - 1] == '/' ? "" : "/", stem, base, extension);
    else
        length = asprintf(&name, "%.*s%.*s-%ux.%s", (int)(base - input), input, stem, base, scale,
                          extension);
    return length < 0 ? NULL : name;
}

/* -o FILE: the extension decides the format unless -f does; they may not contradict. */
static int settle_format(struct planche_cli_options *options)
{
    enum planche_format named = PLANCHE_FORMAT_AUTO;
    bool file = options->output != NULL && !planche_cli_output_is_folder(options->output);
    if (file)
        named = planche_format_from_name(options->output);
    if (options->page.format == PLANCHE_FORMAT_AUTO) {
        const char *base = file ? base_name(options->output) : "";
        if (file && named == PLANCHE_FORMAT_AUTO && base[stem_length(base)] != 0)
            return planche_cli_usage_error(
                "", "cannot write %s: name it .webp, .jpg or .png, or say -f FORMAT",
                options->output);
        options->page.format = named != PLANCHE_FORMAT_AUTO ? named : PLANCHE_FORMAT_WEBP;
    }
    if (named != PLANCHE_FORMAT_AUTO && named != options->page.format)
        return planche_cli_usage_error("", "-f %s contradicts the name %s",
                                       planche_format_extension(options->page.format),
                                       options->output);
    if (options->page.lossless && options->page.format == PLANCHE_FORMAT_JPEG)
        return planche_cli_usage_error(
            "", "--lossless: JPEG files are never lossless; use webp or png");
    return PLANCHE_CLI_OK;
}

/* One name for one place, however it was written, as long as its folder exists. */
static char *canonical(const char *path)
{
    const char *base = base_name(path);
    char *folder = base == path ? strdup(".") : strndup(path, (size_t)(base - path));
    char *real = folder != NULL ? realpath(folder, NULL) : NULL;
    const char *where = real != NULL ? real : folder;
    char *name = NULL;
    if (where != NULL && asprintf(&name, "%s/%s", where, base) < 0)
        name = NULL;
    free(real);
    free(folder);
    return name;
}

struct place {
    char *name;
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static int check_collisions(const struct planche_cli_page *pages, size_t count)
{
    int status = PLANCHE_CLI_OK;
    struct place *places = calloc(count, sizeof *places);
    size_t filled = 0;
    for (; places != NULL && filled < count; filled++) {
        places[filled] = (struct place){canonical(pages[filled].output), filled};
        if (places[filled].name == NULL)
            break;
    }
    if (filled < count) {
        status = no_memory();
        goto done;
    }
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 1; i < count && status == PLANCHE_CLI_OK; i++) {
        if (strcmp(places[i - 1].name, places[i].name) == 0)
            status = planche_cli_usage_error(
                "", "%s and %s would both become %s; enlarge them in separate runs",
                pages[places[i - 1].index].input, pages[places[i].index].input,
                pages[places[i].index].output);
    }
done:
    for (size_t i = 0; i < filled; i++)
        free(places[i].name);
    free(places);
    return status;
}

struct identity {
    dev_t device;
    ino_t file;
};

static int compare_identities(const void *a, const void *b)
{
    const struct identity *left = a, *right = b;
    if (left->device != right->device)
        return left->device < right->device ? -1 : 1;
    return (left->file > right->file) - (left->file < right->file);
}

static bool identify(const char *path, struct identity *out)
{
    struct stat info;
    if (stat(path, &info) != 0 || S_ISDIR(info.st_mode))
        return false;
    *out = (struct identity){info.st_dev, info.st_ino};
    return true;
}

bool planche_cli_same_file(const char *left, const char *right)
{
    struct identity a, b;
    return identify(left, &a) && identify(right, &b) && compare_identities(&a, &b) == 0;
}

/* No output may be the file of any input, whatever the names are. */
static int check_inputs(const struct planche_cli_page *pages, size_t count)
{
    struct identity *inputs = calloc(count, sizeof *inputs), output;
    if (inputs == NULL)
        return no_memory();
    int status = PLANCHE_CLI_OK;
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        known += identify(pages[i].input, &inputs[known]);
    qsort(inputs, known, sizeof *inputs, compare_identities);
    for (size_t i = 0; i < count && status == PLANCHE_CLI_OK; i++) {
        if (identify(pages[i].output, &output) &&
            bsearch(&output, inputs, known, sizeof *inputs, compare_identities) != NULL)
            status = planche_cli_usage_error("", "%s is an input; choose another output",
                                             pages[i].output);
    }
    free(inputs);
    return status;
}

static int check_arguments(char **inputs, size_t count, const struct planche_cli_options *options)
{
    if (count > 1 && options->output != NULL && !planche_cli_output_is_folder(options->output))
        return planche_cli_usage_error(
            "", "-o %s names one file for %zu inputs; end it with / for a folder", options->output,
            count);
    for (size_t i = 0; i < count; i++) {
        if (*inputs[i] == 0)
            return planche_cli_usage_error("", "an input's name is empty");
        if (strcmp(inputs[i], "-") == 0)
            return planche_cli_usage_error("", "pages on standard input need planche stdio");
    }
    if (options->output != NULL && strcmp(options->output, "-") == 0)
        return planche_cli_usage_error("", "pages to standard output need planche stdio");
    return PLANCHE_CLI_OK;
}

int planche_cli_pages_plan(struct planche_cli_page **out, char **inputs, size_t count,
                           struct planche_cli_options *options, unsigned scale)
{
    *out = NULL;
    struct planche_cli_page *pages = NULL;
    int status = check_arguments(inputs, count, options);
    if (status == PLANCHE_CLI_OK)
        status = settle_format(options);
    if (status != PLANCHE_CLI_OK)
        return status;
    pages = calloc(count, sizeof *pages);
    if (pages == NULL)
        return no_memory();
    bool file = options->output != NULL && !planche_cli_output_is_folder(options->output);
    for (size_t i = 0; i < count; i++) {
        pages[i].input = inputs[i];
        pages[i].output = file ? strdup(options->output) : name_output(inputs[i], options, scale);
        if (pages[i].output == NULL) {
            status = no_memory();
            goto fail;
        }
    }
    status = check_collisions(pages, count);
    if (status == PLANCHE_CLI_OK)
        status = check_inputs(pages, count);
    if (status != PLANCHE_CLI_OK)
        goto fail;
    *out = pages;
    return PLANCHE_CLI_OK;
fail:
    planche_cli_pages_free(pages, count);
    return status;
}

void planche_cli_pages_free(struct planche_cli_page *pages, size_t count)
{
    for (size_t i = 0; pages != NULL && i < count; i++)
        free(pages[i].output);
    free(pages);
}
