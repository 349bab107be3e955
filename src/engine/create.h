/* SPDX-License-Identifier: MIT */
/* Creation and description of engines, for the API. Options and infos have this library's size. */
#ifndef PLANCHE_ENGINE_CREATE_H
#define PLANCHE_ENGINE_CREATE_H

#include <planche/engine.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct planche_executor_registry;
struct planche_scale_plan;

/* As planche_engine_create; the caller has checked the options. */
enum planche_status planche_engine_open(struct planche_engine **out,
                                        const struct planche_engine_options *options,
                                        struct planche_error *error);
/* The same with executors of another registry, which outlives the engine. */
enum planche_status planche_engine_open_from(struct planche_engine **out,
                                             const struct planche_executor_registry *registry,
                                             const struct planche_engine_options *options,
                                             struct planche_error *error);
/* As planche_engine_destroy. */
void planche_engine_close(struct planche_engine **engine);
/* As planche_engine_get_info. */
void planche_engine_describe(const struct planche_engine *engine, struct planche_engine_info *info);
/* Fills up to count entries (entries may be NULL) and returns how many there are. */
size_t planche_engine_read_profile(const struct planche_engine *engine,
                                   struct planche_layer_profile *entries, size_t count);
/* The networks that pages of an engine with these options may need; of a choice, those of its first
 * alternative. Errors: those of the options; UNSUPPORTED: a file has to be loaded first. */
enum planche_status planche_engine_plan_options(struct planche_scale_plan *plan,
                                                const struct planche_engine_options *options,
                                                struct planche_error *error);
/* The networks that its pages may need. Returns its limit of pixels. */
uint64_t planche_engine_get_plan(const struct planche_engine *engine,
                                 struct planche_scale_plan *plan);
/* What an engine takes at most when its owner does not say: bytes and threads. */
uint64_t planche_engine_default_memory(void);
unsigned planche_engine_default_threads(void);
/* Bytes beyond which it takes more for a page only where that makes the page a fifth faster. */
#define PLANCHE_USUAL_BYTES UINT64_C(600000000)

#endif
