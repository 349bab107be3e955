/* SPDX-License-Identifier: MIT */
/* Lock of the cache of models, for who writes into it. */
#ifndef PLANCHE_MODELS_LOCK_H
#define PLANCHE_MODELS_LOCK_H

#include "io/folder_lock.h"

/* One at a time: a second waits and then finds everything there. Makes the folder. False: a message
 * was printed, or a signal came. */
bool planche_cli_lock_models(struct planche_folder_lock *lock, const char *folder);

#endif
