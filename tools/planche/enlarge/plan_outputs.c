/* SPDX-License-Identifier: MIT */
/* Output planning: which file each input becomes, decided before any work is done. */
#include "enlarge/plan_outputs.h"

#include "base/file_names.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/collisions.h"
#include "enlarge/library.h"
#include "io/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The plan while it is made. */
struct planning {
    struct planche_cli_plan *plan;
    const struct planche_cli_options *options;
    const char *folder; /* of -o; NULL: none, or -o is a file */
    char suffix[96];    /* of names beside their inputs: "2x", "2400h" */
    bool several;       /* operands */
};

/* An operand. */
struct operand {
    char *path;                         /* without '/' at its end; own */
    char *name;                         /* the path again, never ending in "." or ".."; own */
    enum planche_container container;   /* AUTO: a page */
    struct planche_cli_library library; /* of a folder */
};

static const char *dot_before(const char *extension)
{
    return *extension != 0 ? "." : "";
}

/* The longest name that every file system of note takes; and that of a page, whose parts may get
 * numbers. */
#define MAX_NAME      255u
#define MAX_PAGE_NAME 250u

/* A name that would be too long loses bytes of its stem, in whole characters, and gets digits of a
 * digest of it, so that it stays the only one. NULL: no memory. */
static char *fit_name(char *path, const char *extension, bool page)
{
    const unsigned most = page ? MAX_PAGE_NAME : MAX_NAME;
    const char *base = path != NULL ? planche_cli_base_name(path) : "";
    size_t length = strlen(base), behind = strlen(dot_before(extension)) + strlen(extension);
    char digits[9], *whole = NULL;
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    if (length <= most)
        return path;
    planche_digest_of(base, length - behind, digest);
    planche_text_hex(digits, digest, 4);
    size_t kept = most - behind - sizeof digits;
    while (kept > 0 && ((unsigned char)base[kept] & 0xc0) == 0x80)
        kept--;
    if (asprintf(&whole, "%.*s-%s%s%s", (int)(base - path) + (int)kept, path, digits,
                 dot_before(extension), extension) < 0)
        whole = NULL;
    free(path);
    return whole;
}

/* FOLDER/NAME.EXTENSION from the first `kept` bytes of name. */
static char *name_below(const char *folder, const char *name, size_t kept, const char *extension)
{
    char *path = planche_cli_join(folder, ""), *whole = NULL;
    if (path != NULL &&
        asprintf(&whole, "%s%.*s%s%s", path, (int)kept, name, dot_before(extension), extension) < 0)
        whole = NULL;
    free(path);
    return whole;
}

/* PATH-SUFFIX.EXTENSION, where of the path's last part the first `kept` bytes stay. */
static char *name_beside(const struct planning *planning, const char *path, size_t kept,
                         const char *extension)
{
    char *whole = NULL;
    int length = (int)(planche_cli_base_name(path) - path) + (int)kept;
    if (asprintf(&whole, "%.*s-%s%s%s", length, path, planning->suffix, dot_before(extension),
                 extension) < 0)
        whole = NULL;
    return whole;
}

int planche_cli_choose_format(struct planche_cli_options *options, const char *file)
{
    enum planche_format named = file != NULL ? planche_format_from_name(file) : PLANCHE_FORMAT_AUTO;
    options->book_format = options->page.format;
    /* A file that was named is made under that name or not at all; other names are our choice. */
    if (file == NULL && !options->limit_said)
        options->page.on_limit = PLANCHE_ON_LIMIT_SWITCH;
    if (options->page.format == PLANCHE_FORMAT_AUTO) {
        const char *base = file != NULL ? planche_cli_base_name(file) : "";
        if (planche_cli_book_stem_length(base) < strlen(base))
            return planche_cli_usage_error(
                "output", "cannot write a page to %s; to make a book of pages, name their folder",
                file);
        bool written = planche_format_is_written(named);
        if (!written && base[planche_cli_stem_length(base)] != 0)
            return planche_cli_usage_error(
                "output",
                "cannot write %s: name it .webp, .jpg, .png, .avif or .jxl, or say -f FORMAT",
                file);
        options->page.format = written ? named : PLANCHE_FORMAT_WEBP;
    }
    if (named != PLANCHE_FORMAT_AUTO && named != options->page.format)
        return planche_cli_usage_error("format", "-f %s contradicts the name %s",
                                       planche_format_extension(options->page.format), file);
    if (options->page.lossless && options->page.format == PLANCHE_FORMAT_JPEG)
        return planche_cli_usage_error(
            "lossless", "--lossless: JPEG files are never lossless; use webp, jxl or png");
    return PLANCHE_CLI_OK;
}

static enum planche_container container_from_name(const char *name)
{
    const char *base = planche_cli_base_name(name);
    const char *extension = base + planche_cli_book_stem_length(base);
    if (strcasecmp(extension, ".cbz") == 0 || strcasecmp(extension, ".zip") == 0)
        return PLANCHE_CONTAINER_ZIP;
    return strcasecmp(extension, ".epub") == 0 ? PLANCHE_CONTAINER_EPUB : PLANCHE_CONTAINER_AUTO;
}

/* -o FILE of a book: likewise. */
static int choose_container(const struct planning *planning, const struct operand *operand,
                            enum planche_container *container)
{
    const char *file = planning->options->output;
    enum planche_container named = container_from_name(file);
    const char *base = planche_cli_base_name(file);
    bool extended = base[planche_cli_stem_length(base)] != 0;
    *container = planning->options->book.container;
    if (*container != PLANCHE_CONTAINER_AUTO) {
        if (named != PLANCHE_CONTAINER_AUTO && named != *container)
            return planche_cli_usage_error("to", "--to contradicts the name %s", file);
        return PLANCHE_CLI_OK;
    }
    *container = named;
    if (named != PLANCHE_CONTAINER_AUTO)
        return PLANCHE_CLI_OK;
    if (extended || operand->container != PLANCHE_CONTAINER_FOLDER)
        return planche_cli_usage_error(
            "to", "cannot write a book to %s: name it .cbz or .epub, or end it with / for a folder",
            file);
    *container = PLANCHE_CONTAINER_FOLDER;
    return PLANCHE_CLI_OK;
}

/* The container of a book's output when -o does not name it. Books in a ZIP come out in a folder,
 * where readers find them. */
static enum planche_container usual_container(const struct planning *planning, const char *path,
                                              enum planche_container input)
{
    if (planning->options->book.container != PLANCHE_CONTAINER_AUTO)
        return planning->options->book.container;
    bool selects = planning->options->book.pages != NULL || planning->options->book.sample != 0;
    if (input == PLANCHE_CONTAINER_FOLDER || (input == PLANCHE_CONTAINER_EPUB && !selects))
        return input;
    return input == PLANCHE_CONTAINER_ZIP && planche_book_is_library(path)
               ? PLANCHE_CONTAINER_FOLDER
               : PLANCHE_CONTAINER_ZIP;
}

/* The format of a page by its name if it is to keep that and it can be written; else AUTO: that of
 * the options. A cover beside books keeps it in any case: readers look for its name. */
static enum planche_format own_format(const struct planning *planning, const char *name,
                                      bool beside)
{
    enum planche_format own = planche_format_from_name(name);
    bool keeps = planning->options->keep_format || (beside && planche_name_is_cover(name));
    return keeps && own <= PLANCHE_FORMAT_JXL ? own : PLANCHE_FORMAT_AUTO;
}

/* "jpeg" of "page.jpeg" that stays a JPEG. */
static const char *page_extension(const struct planning *planning, const char *name,
                                  enum planche_format own)
{
    const char *base = planche_cli_base_name(name);
    return own != PLANCHE_FORMAT_AUTO ? base + planche_cli_stem_length(base) + 1
                                      : planche_format_extension(planning->options->page.format);
}

static int plan_page(const struct planning *planning, const struct operand *operand)
{
    const struct planche_cli_options *options = planning->options;
    const char *base = planche_cli_base_name(operand->path);
    bool named = planning->folder == NULL && options->output != NULL;
    enum planche_format own =
        named ? PLANCHE_FORMAT_AUTO : own_format(planning, operand->path, false);
    const char *extension = page_extension(planning, operand->path, own);
    size_t stem = planche_cli_stem_length(base);
    char *output;
    if (planning->folder != NULL)
        output = name_below(planning->folder, base, stem, extension);
    else if (options->output != NULL)
        output = strdup(options->output);
    else
        output = name_beside(planning, operand->path, stem, extension);
    const struct planche_cli_item like = {.bytes = planche_cli_file_bytes(operand->path),
                                          .format = own};
    if (!named)
        output = fit_name(output, extension, true);
    return planche_cli_plan_add(planning->plan, operand->path, output, &like)
               ? PLANCHE_CLI_OK
               : planche_cli_no_memory();
}

static size_t operand_stem(const struct operand *operand)
{
    const char *base = planche_cli_base_name(operand->name);
    return operand->container == PLANCHE_CONTAINER_FOLDER ? strlen(base)
                                                          : planche_cli_book_stem_length(base);
}

static char *name_book(const struct planning *planning, const struct operand *operand,
                       enum planche_container container)
{
    const char *extension = planche_container_extension(container);
    const char *base = planche_cli_base_name(operand->name);
    bool mirrored = !planning->several && operand->container == PLANCHE_CONTAINER_FOLDER &&
                    container == PLANCHE_CONTAINER_FOLDER;
    if (planning->folder != NULL && mirrored)
        return planche_cli_trimmed(planning->folder);
    if (planning->folder != NULL)
        return name_below(planning->folder, base, operand_stem(operand), extension);
    if (planning->options->output != NULL)
        return strdup(planning->options->output);
    return name_beside(planning, operand->name, operand_stem(operand), extension);
}

/* One book: a file, or a folder without books. */
static int plan_book(const struct planning *planning, const struct operand *operand)
{
    struct planche_cli_item like = {
        .book = true,
        .resumes = planning->several,
        .container = usual_container(planning, operand->path, operand->container),
        .bytes = operand->library.count > 0 ? operand->library.entries[0].bytes
                                            : planche_cli_file_bytes(operand->path),
    };
    if (planning->options->output != NULL && planning->folder == NULL) {
        int status = choose_container(planning, operand, &like.container);
        if (status != PLANCHE_CLI_OK)
            return status;
    }
    if (like.container == PLANCHE_CONTAINER_EPUB && operand->container != PLANCHE_CONTAINER_EPUB)
        return planche_cli_usage_error("to", "%s is no EPUB, and only an EPUB becomes one",
                                       operand->path);
    char *output = name_book(planning, operand, like.container);
    if (planning->options->output == NULL || planning->folder != NULL)
        output = fit_name(output, planche_container_extension(like.container), false);
    return planche_cli_plan_add(planning->plan, operand->path, output, &like)
               ? PLANCHE_CLI_OK
               : planche_cli_no_memory();
}

static bool plan_entry(const struct planning *planning, const struct operand *operand,
                       const struct planche_cli_library_entry *entry, const char *root)
{
    struct planche_cli_item like = {.resumes = true, .found = true, .bytes = entry->bytes};
    const char *base = planche_cli_base_name(entry->path);
    size_t before = (size_t)(base - entry->path), kept = strlen(entry->path);
    char *input = planche_cli_join(operand->path, entry->path);
    if (input == NULL)
        return false;
    if (entry->kind == PLANCHE_CLI_LIBRARY_OTHER) {
        bool added =
            planche_cli_plan_add_copy(planning->plan, input, planche_cli_join(root, entry->path));
        free(input);
        return added;
    }
    like.book = entry->kind != PLANCHE_CLI_LIBRARY_PAGE;
    if (!like.book)
        like.format = own_format(planning, entry->path, true);
    if (entry->kind == PLANCHE_CLI_LIBRARY_FOLDER)
        like.container = usual_container(planning, input, PLANCHE_CONTAINER_FOLDER);
    else
        kept = before +
               (like.book ? planche_cli_book_stem_length(base) : planche_cli_stem_length(base));
    if (entry->kind == PLANCHE_CLI_LIBRARY_BOOK)
        like.container = usual_container(planning, input, planche_container_of(input));
    const char *extension = like.book ? planche_container_extension(like.container)
                                      : page_extension(planning, entry->path, like.format);
    char *output = fit_name(name_below(root, entry->path, kept, extension), extension, !like.book);
    bool ok = planche_cli_plan_add(planning->plan, input, output, &like);
    free(input);
    return ok;
}

/* A library: every book and page in the folder, at its path below the output. */
static int plan_library(const struct planning *planning, const struct operand *operand)
{
    const char *output = planning->options->output;
    const char *base = planche_cli_base_name(operand->name);
    if (output != NULL && container_from_name(output) != PLANCHE_CONTAINER_AUTO &&
        planning->folder == NULL)
        return planche_cli_usage_error(
            "output", "-o %s names one file, and there are several books in %s; end it with /",
            output, operand->path);
    if (output != NULL && planche_cli_is_file(output))
        return planche_cli_usage_error(
            "output", "-o %s is a file, and the results of %s need a folder; choose another output",
            output, operand->path);
    char *root;
    if (output == NULL)
        root = name_beside(planning, operand->name, strlen(base), "");
    else
        root = planning->several ? planche_cli_join(output, base) : strdup(output);
    bool ok = root != NULL;
    for (size_t i = 0; ok && i < operand->library.count; i++)
        ok = plan_entry(planning, operand, &operand->library.entries[i], root);
    free(root);
    return ok ? PLANCHE_CLI_OK : planche_cli_no_memory();
}

/* Scans a folder, but for the output's folder in it. */
static int scan_operand(const struct planning *planning, struct operand *operand)
{
    const char *output = planning->options->output;
    char *skip = output != NULL ? planche_cli_canonical(output) : NULL;
    char *self = planche_cli_canonical(operand->path);
    int status = PLANCHE_CLI_OK;
    if ((output != NULL && skip == NULL) || self == NULL)
        status = planche_cli_no_memory();
    else if (skip != NULL && strcmp(skip, self) == 0)
        status = planche_cli_usage_error("output", "%s is an input; choose another output", output);
    else if (!planche_cli_library_scan(&operand->library, operand->path, skip))
        status = planche_cli_no_memory();
    free(skip);
    free(self);
    planning->plan->others += operand->library.others;
    planning->plan->junk += operand->library.junk;
    planning->plan->links += operand->library.links;
    planning->plan->trouble = planning->plan->trouble || operand->library.trouble;
    return status;
}

static int plan_operand(const struct planning *planning, struct operand *operand)
{
    int status = PLANCHE_CLI_OK;
    if (operand->container == PLANCHE_CONTAINER_AUTO)
        return plan_page(planning, operand);
    if (operand->container == PLANCHE_CONTAINER_FOLDER)
        status = scan_operand(planning, operand);
    if (status != PLANCHE_CLI_OK)
        return status;
    return operand->library.books ? plan_library(planning, operand) : plan_book(planning, operand);
}

static bool open_operand(struct operand *operand, const char *path)
{
    *operand = (struct operand){.path = planche_cli_trimmed(path)};
    if (operand->path == NULL)
        return false;
    const char *base = planche_cli_base_name(operand->path);
    if (strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        operand->name = realpath(operand->path, NULL);
    else
        operand->name = strdup(operand->path);
    if (planche_cli_is_folder(operand->path))
        operand->container = PLANCHE_CONTAINER_FOLDER;
    else if (planche_cli_is_file(operand->path))
        operand->container = planche_container_of(operand->path);
    /* What is called a book and is none fails as one. */
    if (operand->container == PLANCHE_CONTAINER_AUTO &&
        planche_cli_book_stem_length(base) < strlen(base))
        operand->container = PLANCHE_CONTAINER_ZIP;
    return operand->name != NULL;
}

static void close_operand(struct operand *operand)
{
    planche_cli_library_free(&operand->library);
    free(operand->path);
    free(operand->name);
}

static bool names_standard_output(const char *path)
{
    return strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0 ||
           strcmp(path, "/proc/self/fd/1") == 0;
}

static int check_arguments(char **operands, size_t count, const struct planche_cli_options *options)
{
    if (count > 1 && options->output != NULL && !planche_cli_output_is_folder(options->output))
        return planche_cli_usage_error(
            "output", "-o %s names one file for %zu inputs; end it with / for a folder",
            options->output, count);
    if (options->output != NULL && names_standard_output(options->output))
        return planche_cli_usage_error(
            "output", "-o %s: a page is written to standard output with -o -", options->output);
    if (options->output != NULL && strlen(planche_cli_base_name(options->output)) > MAX_NAME)
        return planche_cli_usage_error("output", "-o %s: a name has at most %u bytes",
                                       options->output, MAX_NAME);
    for (size_t i = 0; i < count; i++) {
        if (*operands[i] == 0)
            return planche_cli_usage_error("", "an input's name is empty");
    }
    return PLANCHE_CLI_OK;
}

static int plan_operands(struct planning *planning, char **operands, size_t count,
                         struct planche_cli_options *options)
{
    int status = PLANCHE_CLI_OK;
    for (size_t i = 0; i < count && status == PLANCHE_CLI_OK; i++) {
        struct operand operand;
        size_t before = planning->plan->count;
        if (!open_operand(&operand, operands[i]))
            status = planche_cli_no_memory();
        bool page = operand.container == PLANCHE_CONTAINER_AUTO;
        if (status == PLANCHE_CLI_OK && i == 0)
            status = planche_cli_choose_format(
                options, page && planning->folder == NULL ? options->output : NULL);
        if (status == PLANCHE_CLI_OK)
            status = plan_operand(planning, &operand);
        for (size_t j = before; j < planning->plan->count; j++)
            planning->plan->items[j].operand = i;
        close_operand(&operand);
    }
    return status;
}

/* Pages before books, else in their order. */
static int put_pages_first(struct planche_cli_plan *plan)
{
    struct planche_cli_item *sorted = calloc(plan->count + 1, sizeof *sorted);
    if (sorted == NULL)
        return planche_cli_no_memory();
    size_t filled = 0;
    for (int books = 0; books <= 1; books++) {
        for (size_t i = 0; i < plan->count; i++) {
            if (plan->items[i].book == books)
                sorted[filled++] = plan->items[i];
        }
        if (!books)
            plan->pages = filled;
    }
    free(plan->items);
    plan->items = sorted;
    return PLANCHE_CLI_OK;
}

/* An option that would do nothing is a mistake. */
static int check_book_option(const struct planche_cli_plan *plan,
                             const struct planche_cli_options *options)
{
    if (options->book_option == NULL || plan->pages < plan->count)
        return PLANCHE_CLI_OK;
    return planche_cli_usage_error(options->book_option, "--%s is for books, and no input is one",
                                   options->book_option);
}

/* The folder of -o must be there before pages and books; but one that a book becomes must not. */
static int note_folder(const struct planning *planning)
{
    struct planche_cli_plan *plan = planning->plan;
    if (planning->folder == NULL)
        return PLANCHE_CLI_OK;
    char *folder = planche_cli_trimmed(planning->folder);
    if (folder == NULL)
        return planche_cli_no_memory();
    if (plan->count == 1 && strcmp(plan->items[0].output, folder) == 0)
        free(folder);
    else
        plan->folder = folder;
    return PLANCHE_CLI_OK;
}

static void set_suffix(struct planning *planning, unsigned scale)
{
    const struct planche_page_options *page = &planning->options->page;
    char *text = planning->suffix;
    if (page->width != 0 && page->height != 0)
        snprintf(text, sizeof planning->suffix, "%ux%u", page->width, page->height);
    else if (page->width != 0 || page->height != 0)
        snprintf(text, sizeof planning->suffix, page->width != 0 ? "%uw" : "%uh",
                 page->width + page->height);
    else
        snprintf(text, sizeof planning->suffix, "%ux", scale);
    /* Some pages are not to be taken for the book. */
    const struct planche_book_options *book = &planning->options->book;
    size_t used = strlen(text);
    if (book->pages != NULL)
        snprintf(text + used, sizeof planning->suffix - used, "-pages-%s", book->pages);
    used = strlen(text);
    if (book->sample != 0)
        snprintf(text + used, sizeof planning->suffix - used, "-sample-%u", book->sample);
}

/* True of "--to folder -o NAME": NAME is the book, also when the command is repeated and it is
 * there.
 */
static bool names_folder_book(const struct planche_cli_options *options, size_t operands)
{
    size_t length = strlen(options->output);
    return operands == 1 && options->book.container == PLANCHE_CONTAINER_FOLDER && length > 0 &&
           options->output[length - 1] != '/';
}

int planche_cli_plan_make(struct planche_cli_plan *plan, char **operands, size_t count,
                          struct planche_cli_options *options, unsigned scale)
{
    *plan = (struct planche_cli_plan){0};
    struct planning planning = {.plan = plan, .options = options, .several = count > 1};
    set_suffix(&planning, scale);
    int status = check_arguments(operands, count, options);
    if (status == PLANCHE_CLI_OK && options->output != NULL &&
        planche_cli_output_is_folder(options->output) && !names_folder_book(options, count))
        planning.folder = options->output;
    if (status == PLANCHE_CLI_OK)
        status = plan_operands(&planning, operands, count, options);
    if (status == PLANCHE_CLI_OK)
        status = put_pages_first(plan);
    if (status == PLANCHE_CLI_OK)
        status = check_book_option(plan, options);
    if (status == PLANCHE_CLI_OK)
        status = planche_cli_plan_check(plan);
    if (status == PLANCHE_CLI_OK)
        status = note_folder(&planning);
    return status;
}
