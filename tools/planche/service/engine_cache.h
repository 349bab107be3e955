/* SPDX-License-Identifier: MIT */
/* The engines of the resident process: made once per model, scale and level, kept while in use and
 * for as long as there is room. */
#ifndef PLANCHE_CLI_SERVICE_ENGINE_CACHE_H
#define PLANCHE_CLI_SERVICE_ENGINE_CACHE_H

#include <planche/planche.h>
#include <stdbool.h>

struct planche_cancel_token;
struct planche_cli_engine_cache;

/* At most capacity engines exist at once; they share the budget of base equally, and messages speak
 * of that (cli/hints.h). base must outlive the result. NULL: no memory. */
struct planche_cli_engine_cache *
planche_cli_engine_cache_create(const struct planche_engine_options *base, unsigned capacity);
/* No engine may be in use. NULL is fine. */
void planche_cli_engine_cache_destroy(struct planche_cli_engine_cache *engines);

/* The engine for wanted's model, scale and denoise (as planche_cli_choose leaves them), made now if
 * need be; the one that was unused longest makes room. Waits while all are in use, until the token
 * (may be NULL) fires: CANCELLED, DEADLINE. Thread-safe. To be given back with
 * planche_cli_engine_cache_release. */
enum planche_status planche_cli_engine_cache_acquire(struct planche_cli_engine_cache *engines,
                                                     const struct planche_engine_options *wanted,
                                                     const struct planche_cancel_token *token,
                                                     const struct planche_engine **out,
                                                     struct planche_error *error);
void planche_cli_engine_cache_release(struct planche_cli_engine_cache *engines,
                                      const struct planche_engine *engine);
/* Destroys all engines that nobody uses, so that an idle process holds none. Thread-safe. */
void planche_cli_engine_cache_trim(struct planche_cli_engine_cache *engines);
/* Calls loaded after each engine that was made, or could not be (NULL), on the thread that asked
 * for it. To be set before the first use. */
void planche_cli_engine_cache_on_load(struct planche_cli_engine_cache *engines,
                                      void (*loaded)(void *user, const char *model, double ms,
                                                     const struct planche_engine *engine),
                                      void *user);
/* Calls waits, on the thread that asks, while it waits because all engines are in use, again and
 * again: who gives one up may have it back before the one who waits. To be set
 * before the first use. */
void planche_cli_engine_cache_on_wait(struct planche_cli_engine_cache *engines,
                                      void (*waits)(void *user), void *user);
/* Whether somebody waits because all engines are in use: for who has just got one, and was not told
 * while he had none. Thread-safe. */
bool planche_cli_engine_cache_is_wanted(struct planche_cli_engine_cache *engines);
/* Calls visit for each engine that there is; same: how many of its model there are so far. The lock
 * is held: visit must be short. Thread-safe. */
void planche_cli_engine_cache_visit(
    struct planche_cli_engine_cache *engines,
    void (*visit)(void *user, const struct planche_engine_info *info, unsigned same), void *user);
/* The number of engines that there are. Thread-safe. */
unsigned planche_cli_engine_cache_count(struct planche_cli_engine_cache *engines);

#endif
