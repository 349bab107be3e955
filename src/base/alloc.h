/* SPDX-License-Identifier: MIT */
/* Budgeted allocation: all memory of the library comes from here and counts against a budget. */
#ifndef PLANCHE_BASE_ALLOC_H
#define PLANCHE_BASE_ALLOC_H

#include <planche/error.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct planche_block_cache;

/* limit 0 means no limit. Thread-safe. Initialise with planche_budget_init; nothing to destroy. */
struct planche_budget {
    uint64_t limit;
    struct planche_budget *parent;     /* counts everything as well; NULL: none */
    struct planche_block_cache *cache; /* NULL: freed memory leaves the process at once */
    _Atomic uint64_t used, peak;
    atomic_bool refused; /* something asked for did not fit, here or in a parent */
};

void planche_budget_init(struct planche_budget *budget, uint64_t limit);
/* A part of another budget: what it counts counts there too, and must fit in both. */
void planche_budget_init_part(struct planche_budget *budget, struct planche_budget *parent,
                              uint64_t limit);

/* Block cache: a budget without a parent keeps large blocks that were freed (1 MiB and more), its
 * own and those of its parts, for the next allocations of that size or less: memory that is new to
 * the process costs more to touch than to compute with. What is held and what is used stay within
 * the limit together. False: no memory. planche_budget_cache_trim lets the system take what is held
 * now when it runs short: nobody will want it soon. planche_budget_cache_purge gives it all back at
 * once. planche_budget_cache_destroy does so for good, and must come last. */
bool planche_budget_cache_enable(struct planche_budget *budget);
void planche_budget_cache_trim(struct planche_budget *budget);
void planche_budget_cache_purge(struct planche_budget *budget);
void planche_budget_cache_destroy(struct planche_budget *budget);
/* Bytes that it holds: what is taken of them is not new to the process. */
uint64_t planche_budget_cache_held(const struct planche_budget *budget);

/* Spare memory: what its owner keeps for later of memory that is not from here, as a driver's. It
 * stays within the limit together with what is used and held: when others need it, its owner is
 * asked to free what is idle. Owned by who attaches it. */
struct planche_spare {
    /* Frees it, and takes it off by planche_budget_spare_take. It allocates nothing, and takes no
     * lock under which anything is allocated. */
    void (*give_back)(void *user);
    void *user;
    struct planche_spare *next;
};
/* False: the budget has no block cache, so that nothing may be kept. */
bool planche_budget_spare_attach(struct planche_budget *budget, struct planche_spare *spare);
/* No call of give_back is under way afterwards. Before the block cache is destroyed. */
void planche_budget_spare_detach(struct planche_budget *budget, struct planche_spare *spare);
/* So many bytes that the budget counts as used are spare from now on, or are not spare any more, to
 * be freed or reserved again. */
void planche_budget_spare_keep(struct planche_budget *budget, uint64_t bytes);
void planche_budget_spare_take(struct planche_budget *budget, uint64_t bytes);
/* Bytes that are spare. */
uint64_t planche_budget_spare_held(const struct planche_budget *budget);

/* Counts bytes that a foreign library allocates on our behalf. False: they do not fit, nothing
 * counted. */
bool planche_budget_reserve(struct planche_budget *budget, uint64_t bytes);
void planche_budget_release(struct planche_budget *budget, uint64_t bytes);

/* Alignment of every block, bytes. */
#define PLANCHE_ALIGN 64

/* size bytes aligned to PLANCHE_ALIGN, counted in budget (NULL: counted nowhere); NULL when the
 * budget or the system has no room, or size is 0. The content is undefined, zeroes for
 * planche_calloc (count * size, checked). The budget must outlive the block. */
void *planche_alloc(struct planche_budget *budget, size_t size);
void *planche_calloc(struct planche_budget *budget, size_t count, size_t size);
/* Like realloc: block may be NULL (then budget counts it); on failure block stays as it was. */
void *planche_realloc(struct planche_budget *budget, void *block, size_t size);
void planche_free(void *block);
char *planche_strdup(struct planche_budget *budget, const char *text);

/* Says why an allocation or a reservation of so many bytes failed: BUDGET when they do not fit in
 * what is left of budget (may be NULL), else MEMORY. what begins the message: a file, a stage. */
enum planche_status planche_fail_memory(struct planche_error *error,
                                        const struct planche_budget *budget, uint64_t bytes,
                                        const char *what);

/* For who was told MEMORY by code that cannot tell: makes it BUDGET, behind the same message, if
 * budget has ever refused something. Other statuses stay. Returns the status. */
enum planche_status planche_budget_reclassify_oom(enum planche_status status,
                                                  const struct planche_budget *budget,
                                                  struct planche_error *error);

/* Before a library is called that cannot bear to be refused memory (some end the process): whether
 * the system would give `bytes`, beside what it was asked for others that are in such a call now.
 * True: planche_foreign_leave follows the call. Nothing is kept: another thread may still take it.
 * The budget is another matter; what bytes counts is reserved there before. */
bool planche_foreign_enter(uint64_t bytes);
void planche_foreign_leave(uint64_t bytes);

/* For tests: the n-th allocation from now (1 is the next) fails, and with forever all after it as
 * well; n of 0 switches that off. planche_alloc_count() counts the allocations (and reservations)
 * since then. */
void planche_alloc_fail_at(uint64_t n, bool forever);
uint64_t planche_alloc_count(void);

#endif
