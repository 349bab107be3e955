/* SPDX-License-Identifier: MIT */
/* The one place where Planche meets setjmp. libpng and libjpeg want their error callbacks never to
 * return, and lcms2 does not bear it when an allocation fails. */
#ifndef PLANCHE_BASE_ERROR_TRAP_H
#define PLANCHE_BASE_ERROR_TRAP_H

#include <planche/error.h>
#include <setjmp.h>

struct planche_error_trap {
    jmp_buf jump;
    enum planche_status status;
    struct planche_error *error; /* where the one who springs the trap says why */
};

/* Runs step(user) and returns PLANCHE_OK, or what planche_error_trap_raise was given meanwhile.
 * What step has to tell afterwards goes into *user, never into local variables of the caller. */
enum planche_status planche_error_trap_run(struct planche_error_trap *trap,
                                           struct planche_error *error, void (*step)(void *user),
                                           void *user);

/* Leaves the running step. status must not be PLANCHE_OK. */
_Noreturn void planche_error_trap_raise(struct planche_error_trap *trap,
                                        enum planche_status status);

#endif
