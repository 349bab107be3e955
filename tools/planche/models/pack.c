/* SPDX-License-Identifier: MIT */
/* planche models pack: a tarball with models of the cache and SHA256SUMS, for a machine without a
 * network. It is not compressed: weights are nearly random. The files have the names of the cache,
 * so that a pack can also be unpacked there by hand. */
#include "models/pack.h"

#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/imported.h"
#include "cli/interrupt.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "io/digest.h"
#include "models/selection.h"
#include "models/tar.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUMS   "SHA256SUMS"
#define OTHERS PLANCHE_NAME_IMPORTED

/* A file of the pack. */
struct packed {
    char *name; /* in the pack, and in the cache */
    char *path;
    unsigned flags; /* to open it with */
    uint64_t size;
    char sha256[PLANCHE_IO_DIGEST_TEXT];
};

struct pack {
    struct packed *files;
    size_t count;
    uint64_t bytes;
    size_t left_out; /* models' files */
    struct planche_atomic_file *tar;
};

static void free_pack(struct pack *pack)
{
    for (size_t i = 0; i < pack->count; i++) {
        free(pack->files[i].name);
        free(pack->files[i].path);
    }
    free(pack->files);
    planche_atomic_file_destroy(&pack->tar);
}

static enum planche_status no_memory(struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
}

/* Adds a file whose name in the pack is NAME and ENDING. */
static enum planche_status add_file(struct pack *pack, const char *path, unsigned flags,
                                    const char *name, const char *ending,
                                    struct planche_error *error)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    struct planche_file_info info;
    struct packed *files = realloc(pack->files, (pack->count + 1) * sizeof *files);
    if (files == NULL)
        return no_memory(error);
    pack->files = files;
    struct packed *file = files + pack->count;
    *file = (struct packed){.path = strdup(path), .flags = flags};
    if (asprintf(&file->name, "%s%s", name, ending) < 0)
        file->name = NULL;
    pack->count++;
    if (file->path == NULL || file->name == NULL)
        return no_memory(error);
    int fd = planche_fd_open(path, flags, &info);
    bool read = fd >= 0 && planche_fd_digest(fd, digest);
    int reason = errno;
    planche_fd_close(&fd);
    if (!read)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", path, strerror(reason));
    planche_text_hex(file->sha256, digest, sizeof digest);
    file->size = info.size;
    pack->bytes += info.size;
    return PLANCHE_OK;
}

static enum planche_status add_variant(struct pack *pack,
                                       const struct planche_model_variant *variant,
                                       const char *folder, struct planche_error *error)
{
    char path[PATH_MAX];
    enum planche_status status = planche_model_check(variant, folder, 1, error);
    if (status == PLANCHE_OK)
        status = planche_model_path(variant, folder, path, sizeof path, error);
    if (status == PLANCHE_OK)
        status = add_file(pack, path, 0, variant->file, ".param", error);
    if (status != PLANCHE_OK)
        return status;
    memcpy(path + strlen(path) - strlen(".param"), ".bin", sizeof ".bin");
    return add_file(pack, path, 0, variant->file, ".bin", error);
}

/* What is wanted: by name it must be there; of "all", what is there. */
static enum planche_status add_variants(struct pack *pack, const bool *wanted, bool named,
                                        const char *folder, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; status == PLANCHE_OK && i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (!wanted[i] || variant->package == NULL)
            continue;
        if (!named && planche_model_check(variant, folder, 0, NULL) == PLANCHE_ERROR_NOT_FOUND)
            continue;
        status = add_variant(pack, variant, folder, error);
    }
    return status;
}

static int compare_names(const void *left, const void *right)
{
    const struct packed *a = left, *b = right;
    return strcmp(a->name, b->name);
}

/* Whether a file belongs to a model, which may have a second one and some that tell its licence. */
static bool belongs(const char *path, const char *model)
{
    char other[PATH_MAX];
    size_t length = planche_name_partner(model, other, sizeof other);
    bool own, found = strcmp(path, model) == 0 ||
                      (length > 0 && length < sizeof other && strcmp(path, other) == 0);
    for (size_t i = 0;
         !found && (length = planche_name_licence(model, i, other, sizeof other, &own)) > 0; i++)
        found = length < sizeof other && strcmp(path, other) == 0;
    return found;
}

/* Whether a model, or the one that a .bin belongs to, can be loaded: import refuses a pack with one
 * that cannot. It is told once: of a pair, with its .param, or if that is missing. */
static bool is_sound(struct pack *pack, const char *path)
{
    struct planche_model_facts facts = PLANCHE_MODEL_FACTS_INIT;
    struct planche_error error = {0};
    char first[PATH_MAX];
    bool model = planche_model_is_file(path);
    if (!model && (!planche_text_ends(path, ".bin") ||
                   planche_name_partner(path, first, sizeof first) >= sizeof first))
        return true;
    enum planche_status status = planche_model_inspect(model ? path : first, 0, &facts, &error);
    if (status != PLANCHE_OK && (model || status == PLANCHE_ERROR_NOT_FOUND)) {
        planche_cli_message("%s; it is left out", error.message);
        pack->left_out++;
    }
    return status == PLANCHE_OK;
}

/* Two models may have a file in common. */
static bool has(const struct pack *pack, const char *name)
{
    size_t i = 0;
    while (i < pack->count && strcmp(pack->files[i].name, name) != 0)
        i++;
    return i < pack->count;
}

/* Whether a file of this name is packed: what import puts there. A link may lead to anything of
 * this machine's. */
static bool is_packed(struct pack *pack, const char *path, const char *name)
{
    struct planche_file_info info;
    if (name[0] == '.' || planche_file_find_link(path, &info) != PLANCHE_FILE_PRESENT)
        return false;
    if (info.kind == PLANCHE_FILE_LINK) {
        planche_cli_message(
            "%s: is a symbolic link, which is not packed; put the file itself there", path);
        pack->left_out += planche_model_is_file(path) || planche_text_ends(path, ".bin");
    }
    return info.kind == PLANCHE_FILE_REGULAR && is_sound(pack, path);
}

/* Models that are in no catalogue, as models import left them: all, or the one at a path. */
static enum planche_status add_others(struct pack *pack, const char *folder, const char *model,
                                      struct planche_error *error)
{
    struct planche_listing listing = {0};
    char place[PATH_MAX], path[2 * PATH_MAX], name[PATH_MAX];
    const char *entry;
    enum planche_status status = PLANCHE_OK;
    snprintf(place, sizeof place, "%.*s/" OTHERS, PATH_MAX - 16, folder);
    if (!planche_listing_open(&listing, place))
        return planche_file_is_absent(errno)
                   ? PLANCHE_OK
                   : planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", place, strerror(errno));
    while (status == PLANCHE_OK && (entry = planche_listing_next(&listing)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", place, entry);
        snprintf(name, sizeof name, OTHERS "/%s", entry);
        if ((model == NULL || belongs(path, model)) && !has(pack, name) &&
            is_packed(pack, path, entry))
            status = add_file(pack, path, PLANCHE_FD_NO_LINK, name, "", error);
    }
    planche_listing_close(&listing);
    return status;
}

static enum planche_status add_named(struct pack *pack, const char *folder, int count,
                                     char *const *names, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (int i = 0; status == PLANCHE_OK && i < count; i++) {
        char path[PATH_MAX];
        if (planche_cli_imported_find(folder, names[i], path, sizeof path) == 1)
            status = add_others(pack, folder, path, error);
    }
    return status;
}

/* The list goes first, so that who unpacks it can check the rest. */
static enum planche_status write_sums(struct pack *pack, struct planche_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *list = open_memstream(&text, &size);
    for (size_t i = 0; list != NULL && i < pack->count; i++)
        fprintf(list, "%s  %s\n", pack->files[i].sha256, pack->files[i].name);
    enum planche_status status = PLANCHE_OK;
    if (list == NULL || fclose(list) != 0)
        status = no_memory(error);
    if (status == PLANCHE_OK)
        status = planche_cli_tar_begin(pack->tar, SUMS, size, error);
    if (status == PLANCHE_OK)
        status = planche_atomic_file_write(pack->tar, text, size, error);
    if (status == PLANCHE_OK)
        status = planche_cli_tar_end(pack->tar, size, error);
    free(text);
    return status;
}

static enum planche_status copy_content(struct pack *pack, const struct packed *file, int fd,
                                        struct planche_error *error)
{
    char buffer[1 << 16];
    uint64_t left = file->size;
    while (left > 0) {
        int64_t got = planche_fd_read(fd, buffer, left < sizeof buffer ? left : sizeof buffer);
        if (got <= 0)
            return planche_fail(error, PLANCHE_ERROR_IO, "%s: it became shorter meanwhile",
                                file->path);
        if (planche_cli_interrupt_signal() != 0)
            return planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped");
        enum planche_status status =
            planche_atomic_file_write(pack->tar, buffer, (size_t)got, error);
        if (status != PLANCHE_OK)
            return status;
        left -= (uint64_t)got;
    }
    return PLANCHE_OK;
}

static enum planche_status write_file(struct pack *pack, const struct packed *file,
                                      struct planche_error *error)
{
    int fd = planche_fd_open(file->path, file->flags, NULL);
    if (fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", file->path, strerror(errno));
    enum planche_status status = planche_cli_tar_begin(pack->tar, file->name, file->size, error);
    if (status == PLANCHE_OK)
        status = copy_content(pack, file, fd, error);
    if (status == PLANCHE_OK)
        status = planche_cli_tar_end(pack->tar, file->size, error);
    planche_fd_close(&fd);
    return status;
}

static enum planche_status write_pack(struct pack *pack, const char *output,
                                      struct planche_error *error)
{
    enum planche_status status = planche_atomic_file_create(&pack->tar, output, true, NULL, error);
    if (status == PLANCHE_OK)
        status = write_sums(pack, error);
    for (size_t i = 0; status == PLANCHE_OK && i < pack->count; i++)
        status = write_file(pack, pack->files + i, error);
    if (status == PLANCHE_OK)
        status = planche_cli_tar_close(pack->tar, error);
    return status == PLANCHE_OK ? planche_atomic_file_commit(pack->tar, error) : status;
}

/* wanted: variants of the catalogue, or NULL. names: of imported models; NULL: all of both. */
static int make(const bool *wanted, int count, char *const *names,
                const struct planche_cli_options *options, const char *folder)
{
    struct pack pack = {0};
    struct planche_error error = {0};
    char bytes[32];
    planche_cli_interrupt_install();
    enum planche_status status = PLANCHE_OK;
    if (wanted != NULL)
        status = add_variants(&pack, wanted, names != NULL, folder, &error);
    if (status == PLANCHE_OK)
        status = names == NULL ? add_others(&pack, folder, NULL, &error)
                               : add_named(&pack, folder, count, names, &error);
    if (status == PLANCHE_OK && pack.count == 0 && pack.left_out > 0)
        status = planche_fail(&error, PLANCHE_ERROR_NOT_FOUND, "nothing else is there to pack");
    if (status == PLANCHE_OK && pack.count == 0)
        status =
            planche_fail(&error, PLANCHE_ERROR_NOT_FOUND,
                         "there are no models in %s to pack: what is built in needs none", folder);
    if (pack.count > 0)
        qsort(pack.files, pack.count, sizeof *pack.files, compare_names);
    if (status == PLANCHE_OK)
        status = write_pack(&pack, options->output, &error);
    if (status == PLANCHE_OK && !options->quiet)
        planche_cli_note("%s: %zu files with %s; elsewhere: planche models import %s",
                         options->output, pack.count,
                         planche_cli_format_bytes(pack.bytes, bytes, sizeof bytes),
                         planche_cli_base_name(options->output));
    if (status != PLANCHE_OK && status != PLANCHE_ERROR_CANCELLED)
        planche_cli_message("%s", error.message);
    free_pack(&pack);
    if (status != PLANCHE_OK)
        return PLANCHE_CLI_NOT_STARTED;
    return pack.left_out > 0 ? PLANCHE_CLI_PAGE_FAILED : PLANCHE_CLI_OK;
}

int planche_cli_pack(int argc, char **argv)
{
    struct planche_cli_options options;
    char folder[PATH_MAX];
    int first, status;
    if (!planche_cli_models_begin(argc, argv, &options, &first, folder, sizeof folder, &status))
        return status;
    if (options.from != NULL)
        return planche_cli_usage_error("models", "--from is for models fetch");
    if (options.output == NULL)
        return planche_cli_usage_error("models", "where to? planche models pack -o FILE.tar");
    bool named = first < argc, *wanted = NULL;
    int own = planche_cli_imported_sort(folder, argc - first, argv + first);
    if (own < 0)
        return PLANCHE_CLI_USAGE;
    int others = options.all ? argc - first : argc - first - own;
    if (others > 0 || own == 0) {
        wanted =
            planche_cli_select_models(others, argv + first, options.all || !named, NULL, &status);
        if (wanted == NULL)
            return status;
    }
    status = make(wanted, own, named ? argv + argc - own : NULL, &options, folder);
    free(wanted);
    return status;
}
