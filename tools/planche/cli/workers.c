/* SPDX-License-Identifier: MIT */
/* One function in several threads. */
#include "cli/workers.h"

#include "cli/options.h"

#include <pthread.h>

void planche_cli_work(size_t count, void *(*work)(void *user), void *user)
{
    pthread_t threads[PLANCHE_CLI_MAX_JOBS - 1];
    size_t started = 0;
    while (started + 1 < count && started < PLANCHE_CLI_MAX_JOBS - 1 &&
           pthread_create(&threads[started], NULL, work, user) == 0)
        started++;
    work(user);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}
