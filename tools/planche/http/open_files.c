/* SPDX-License-Identifier: MIT */
/* Open files. */
#include "http/open_files.h"

#include <sys/resource.h>

uint64_t planche_http_raise_open_files(uint64_t wanted)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0)
        return wanted;
    if (now.rlim_cur >= wanted)
        return now.rlim_cur;
    /* Not to the hard limit: programs that are started close all that could be open. */
    struct rlimit raised = {.rlim_cur = wanted < now.rlim_max ? wanted : now.rlim_max,
                            .rlim_max = now.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : now.rlim_cur;
}
