/* SPDX-License-Identifier: MIT */
/* Exit statuses of LeakSanitizer, for the command in builds with AddressSanitizer: 23 if memory has
 * leaked, 99 if the search for leaks has itself ended the process (it may, over a thread that has
 * just been joined), when what the command made is as good as ever. LeakSanitizer has one status
 * for both. */
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define LEAKED        23
#define SEARCH_FAILED 99

static bool searches;

/* It searches below, not at the very end. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "leak_check_at_exit=0";
}

static void on_death(void)
{
    if (searches)
        _exit(SEARCH_FAILED);
}

static void search(void)
{
    searches = true;
    int leaked = __lsan_do_recoverable_leak_check();
    searches = false;
    if (leaked)
        _exit(LEAKED);
}

__attribute__((constructor)) static void begin(void)
{
    __sanitizer_set_death_callback(on_death);
    atexit(search);
}
