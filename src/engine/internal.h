/* SPDX-License-Identifier: MIT */
/* The engine's interface for the API and for books, so that the engine's structures stay its own.
 * Options and infos have this library's size. All functions are thread-safe unless they say
 * otherwise. */
#ifndef PLANCHE_ENGINE_INTERNAL_H
#define PLANCHE_ENGINE_INTERNAL_H

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/log.h"
#include "engine/create.h"

#include <planche/engine.h>
#include <stdbool.h>
#include <stdint.h>

/* The memory budget of the engine and its pages. It lives as long as the engine; budgets of others
 * may be parts of it. */
struct planche_budget *planche_engine_budget(const struct planche_engine *engine);

/* Where the engine's messages go. */
const struct planche_log *planche_engine_log(const struct planche_engine *engine);

/* The most pages that run at once: more threads than that only wait. At least 1. */
unsigned planche_engine_jobs(const struct planche_engine *engine);

/* Tells the engine that so many more pages are going to come. */
void planche_engine_expect(const struct planche_engine *engine, size_t pages);

/* Takes bytes from the memory that pages are admitted to, for somebody who uses the engine's budget
 * beside them: waits until the pages that run leave as much. False: the token (may be NULL) has
 * fired, or nothing would be left for pages; nothing is taken then. */
bool planche_engine_set_aside(const struct planche_engine *engine, uint64_t bytes,
                              const struct planche_cancel_token *cancel);
/* Gives back what was set aside. */
void planche_engine_put_back(const struct planche_engine *engine, uint64_t bytes);

/* Fails with ARGUMENT in a child of fork() that inherited the engine: threads and locks did not
 * come along. */
enum planche_status planche_engine_check_process(const struct planche_engine *engine,
                                                 struct planche_error *error);

/* Whether the engine's pages choose their level of cleaning. */
bool planche_engine_chooses(const struct planche_engine *engine);

/* Alternatives of the engine's choice of models; 1: there is none. */
unsigned planche_engine_way_count(const struct planche_engine *engine);

/* Fills in what becomes of a page of the result's input size, by an alternative and a level of
 * cleaning (an index, of an engine whose pages choose): its size and its networks. The caller has
 * no reservation: models may be loaded for it. Errors: LIMIT, ARGUMENT, those of loading, MEMORY;
 * CANCELLED, DEADLINE while pages or memory are waited for. */
enum planche_status planche_engine_size_page(const struct planche_engine *engine,
                                             const struct planche_page_options *options,
                                             unsigned way, unsigned level,
                                             const struct planche_cancel_token *cancel,
                                             struct planche_page_result *result,
                                             struct planche_error *error);

/* Bytes of a fingerprint, at most, with the 0 at its end. */
#define PLANCHE_ENGINE_FINGERPRINT 640

/* A text of a few lines that is the same for engines that make the same bytes of a page: the
 * model's digest and recipe, the machine and its precision, and options that change results. The
 * first call reads the model's files. Errors: IO. */
enum planche_status planche_engine_fingerprint(const struct planche_engine *engine,
                                               char text[PLANCHE_ENGINE_FINGERPRINT],
                                               struct planche_error *error);

#endif
