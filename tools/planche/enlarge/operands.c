/* SPDX-License-Identifier: MIT */
/* Operands of the command: inputs that do not exist are refused before any work. */
#include "enlarge/operands.h"

#include "cli/cli.h"
#include "cli/mistakes.h"
#include "cli/terminal.h"

#include <dirent.h>
#include <errno.h>
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

static int refuse_missing(char **operands, size_t count, size_t index,
                          const struct planche_cli_options *options)
{
    const char *name = operands[index];
    const char *command = index == 0 ? planche_cli_suggest_command(name) : NULL;
    if (command != NULL)
        return planche_cli_usage_error("",
                                       "%s: there is no such file or folder; did you mean the "
                                       "command 'planche %s'?",
                                       name, command);
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
    const char *last = operands[count - 1];
    if (count > 1 && options->output == NULL && is_empty_folder(last))
        return planche_cli_usage_error(
            "output", "%s: this folder is empty; if it is the output, write -o %s", last, last);
    return PLANCHE_CLI_OK;
}
