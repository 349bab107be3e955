/* SPDX-License-Identifier: MIT */
/* Start of a helper program. */
#include "child/start.h"

#include "child/limits.h"
#include "child/memory.h"
#include "io/helper_protocol.h"
#include "io/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The computing time is used up. */
static void give_up(int signal)
{
    (void)signal;
    _exit(PLANCHE_HELPER_EXIT_SECONDS);
}

static bool take_number(const char *word, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(word, &end, 10);
    return errno == 0 && end != word && *end == 0;
}

bool child_take_arguments(int count, char **words, const char *version,
                          struct child_arguments *arguments)
{
    if (count != 6 || strcmp(words[1], version) != 0)
        return false;
    arguments->format = words[2];
    return take_number(words[3], &arguments->granted) && take_number(words[4], &arguments->most) &&
           take_number(words[5], &arguments->seconds);
}

bool child_confine(const struct child_arguments *arguments, bool threads)
{
    uint64_t most;
    if (__builtin_add_overflow(arguments->most, child_mapped(), &most))
        most = UINT64_MAX;
    signal(SIGXCPU, give_up);
    (void)planche_sandbox_seal_files(); /* beside the filter, which lets nothing be opened either */
    child_limit(most, arguments->seconds);
    child_memory_start((size_t)arguments->granted);
    return planche_sandbox_confine(threads);
}
