/* SPDX-License-Identifier: MIT */
/* Leaving with an engine open, or not. */
#include "enlarge/leave.h"

static bool left;

void planche_cli_leave_engine(struct planche_engine **engine, bool gpu)
{
#ifdef PLANCHE_INSTRUMENTED
    gpu = false;
#endif
    left = gpu && *engine != NULL;
    if (left)
        *engine = NULL;
    else
        planche_engine_destroy(engine);
}

bool planche_cli_left_engine(void)
{
    return left;
}
