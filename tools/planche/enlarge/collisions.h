/* SPDX-License-Identifier: MIT */
/* Collisions of outputs with each other and with inputs. */
#ifndef PLANCHE_CLI_ENLARGE_COLLISIONS_H
#define PLANCHE_CLI_ENLARGE_COLLISIONS_H

#include "enlarge/plan.h"

/* No output may be another's, an input, or lie in a folder that is read as a book. Of files in one
 * library folder that would get the same name, all but one keep their whole old names: "a.cbz",
 * "a.cb7.cbz". Returns an exit status; after a failure a message has been printed. */
int planche_cli_plan_check(struct planche_cli_plan *plan);

#endif
