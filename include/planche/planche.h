/* SPDX-License-Identifier: MIT */
/* Planche: comic and manga pages made larger with neural networks. This header includes the others.
 *
 * Rules that hold for all of them:
 *
 * Errors. Functions that can fail return an enum planche_status and fill an optional
 * struct planche_error (NULL: not wanted). On success it is untouched. Nothing prints, nothing ends
 * the process.
 * NULL. Arguments that are needed give ARGUMENT if they are NULL; what may be NULL says so. Options
 * may always be NULL: the defaults. Functions that destroy accept NULL.
 * struct_size. Structs for options and results begin with it: see PLANCHE_STRUCT_INIT in error.h.
 * Strings. UTF-8, terminated by 0. Paths are bytes as the file system has them, in any encoding.
 * Strings and structs that a caller passes are used until the call returns, and not after it;
 * exceptions are named. Strings that the library returns live as long as their object, or for ever
 * if they are static.
 * Threads. Functions may be called from any thread at any time, on different objects and on the
 * same one, but for creating and destroying it. There is no set-up and no global state but the
 * environment variables PLANCHE_*, which are read when an engine is created.
 * Callbacks. They run on threads of the caller or of the library, as each says, often many times a
 * second: keep them short. They must not destroy the object that called them.
 * fork(). Threads do not come along. In the child, engines and queues of the parent fail with
 * ARGUMENT, and destroying them returns at once; what they hold is given back when the child ends.
 * The child may create its own. Cancel handles work on either side, each on its own. Drivers of
 * GPUs may not survive a fork(): create engines with backend "cpu" in a child of a process that has
 * used GPUs, or use exec.
 * Versions. A program built with an older header runs with a newer library of the same soname.
 * Until 1.0 the soname changes with every release that breaks that; CHANGELOG.md says which. */
#ifndef PLANCHE_PLANCHE_H
#define PLANCHE_PLANCHE_H

#include <planche/book.h>
#include <planche/cancel.h>
#include <planche/engine.h>
#include <planche/error.h>
#include <planche/gpu.h>
#include <planche/image.h>
#include <planche/job.h>
#include <planche/log.h>
#include <planche/model.h>
#include <planche/page.h>
#include <planche/types.h>
#include <planche/version.h>

#endif
