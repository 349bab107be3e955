/* SPDX-License-Identifier: MIT */
/* Lock of the cache of models. */
#include "models/lock.h"

#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/terminal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LOCK_POLL_MS 200

bool planche_cli_lock_models(struct planche_folder_lock *lock, const char *folder)
{
    char path[PATH_MAX + 8];
    enum planche_folder_lock_result result = PLANCHE_FOLDER_LOCK_FAILED;
    snprintf(path, sizeof path, "%s/.lock", folder);
    if (planche_cli_make_folder(folder))
        result = planche_file_lock_take(lock, path);
    if (result == PLANCHE_FOLDER_LOCK_BUSY)
        planche_cli_note("Another planche is fetching models; waiting for it");
    while (result == PLANCHE_FOLDER_LOCK_BUSY && planche_cli_interrupt_signal() == 0) {
        poll(NULL, 0, LOCK_POLL_MS);
        result = planche_file_lock_take(lock, path);
    }
    if (result == PLANCHE_FOLDER_LOCK_FAILED)
        planche_cli_message(
            "%s: cannot write here: %s; choose another folder with --model-dir, or set "
            "HOME to one of yours",
            folder, strerror(errno));
    return result == PLANCHE_FOLDER_LOCK_TAKEN;
}
