/* SPDX-License-Identifier: MIT */
/* Leaving a foreign library from inside its error callback. */
#include "base/error_trap.h"

enum planche_status planche_error_trap_run(struct planche_error_trap *trap,
                                           struct planche_error *error, void (*step)(void *user),
                                           void *user)
{
    trap->status = PLANCHE_OK;
    trap->error = error;
    if (setjmp(trap->jump) == 0)
        step(user);
    return trap->status;
}

_Noreturn void planche_error_trap_raise(struct planche_error_trap *trap, enum planche_status status)
{
    trap->status = status;
    longjmp(trap->jump, 1);
}
