/* SPDX-License-Identifier: MIT */
/* Operands of the command: inputs that do not exist are refused before any work. */
#include "enlarge/operands.h"

#include "cli/cli.h"
#include "cli/mistakes.h"
#include "cli/near_file.h"
#include "cli/terminal.h"
#include "enlarge/records.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What cannot be looked at for another reason (a server that is away) is no mistake of the caller:
 * the page or book fails with that reason. */
static bool is_missing(const char *path)
{
    struct stat info;
    return stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static bool is_empty_folder(const char *path)
{
    size_t entries = 0;
    DIR *folder = opendir(path);
    const struct dirent *entry;
    errno = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) /* this folder and its parent */
        entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    entries += errno != 0; /* there may be more */
    if (folder != NULL)
        closedir(folder);
    return folder != NULL && entries == 0;
}

/* Whether an earlier run has written this folder, or something that lies in it. */
static bool is_former_output(const char *path)
{
    struct planche_cli_records records = {0};
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool known = folder != NULL && planche_cli_records_find(&records, path) != NULL;
    while (!known && folder != NULL && (entry = readdir(folder)) != NULL) {
        char output[PATH_MAX];
        int length = snprintf(output, sizeof output, "%s/%s", path, entry->d_name);
        known = length > 0 && (size_t)length < sizeof output && *entry->d_name != '.' &&
                planche_cli_records_find(&records, output) != NULL;
    }
    if (folder != NULL)
        closedir(folder);
    planche_cli_records_free(&records);
    return known;
}

/* A last operand that looks like an output whose -o was forgotten. */
static int check_last(const char *last)
{
    if (is_empty_folder(last))
        return planche_cli_usage_error(
            "output", "%s: this folder is empty; if it is the output, write -o %s", last, last);
    if (is_former_output(last))
        return planche_cli_usage_error("output",
                                       "%s: Planche has written into this folder before; if it is "
                                       "the output, write -o %s; if not, name the output with -o",
                                       last, last);
    return PLANCHE_CLI_OK;
}

static int refuse_missing(char **operands, size_t count, size_t index,
                          const struct planche_cli_options *options)
{
    const char *name = operands[index];
    char near[PATH_MAX];
    char command[128];
    if (index == 0 && planche_cli_explain_command(name, command, sizeof command))
        return planche_cli_usage_error("", "%s: there is no such file or folder; %s", name,
                                       command);
    if (planche_cli_near_file(name, near, sizeof near))
        return planche_cli_usage_error("", "%s: there is no such file or folder; did you mean %s?",
                                       name, near);
    if (index > 0 && index + 1 == count && options->output == NULL)
        return planche_cli_usage_error(
            "output", "%s: there is no such file or folder; if it is the output, write -o %s", name,
            name);
    return planche_cli_usage_error("", "%s: there is no such file or folder; nothing was done",
                                   name);
}

int planche_cli_check_operands(char **operands, size_t count,
                               const struct planche_cli_options *options)
{
    for (size_t i = 0; i < count; i++) {
        if (*operands[i] != 0 && strcmp(operands[i], "-") != 0 && is_missing(operands[i]))
            return refuse_missing(operands, count, i, options);
    }
    return count > 1 && options->output == NULL ? check_last(operands[count - 1]) : PLANCHE_CLI_OK;
}
