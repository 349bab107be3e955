/* SPDX-License-Identifier: MIT */
/* Byte budget of a server: bodies and answers in memory, and who waits for room. */
#ifndef PLANCHE_HTTP_BUDGET_H
#define PLANCHE_HTTP_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the loop's thread alone. */
struct planche_http_budget {
    uint64_t limit, used, peak;
    struct planche_http_room *waiting, **last;
    bool granting; /* room is being given: nobody begins to do so again */
    void *spare;   /* memory of a body that is gone, for the next one; not counted. NULL: none */
    size_t spare_size;
};

/* Room that is waited for: zeroed but for granted and user, it is not. */
struct planche_http_room {
    void (*granted)(void *user); /* the bytes are the caller's */
    void *user;
    uint64_t bytes;
    struct planche_http_room *next, **link;
};

void planche_http_budget_init(struct planche_http_budget *budget, uint64_t limit);
/* Frees what it has kept. Nobody waits. */
void planche_http_budget_destroy(struct planche_http_budget *budget);
/* Memory for a body, of at least size bytes: the spare one, or new. *capacity: how many there are.
 * NULL: no memory. */
void *planche_http_budget_allocate(struct planche_http_budget *budget, size_t size,
                                   size_t *capacity);
/* Frees a body's memory, or keeps it. */
void planche_http_budget_free(struct planche_http_budget *budget, void *data, size_t capacity);
/* Takes bytes if there is room and nobody waits. */
bool planche_http_budget_try(struct planche_http_budget *budget, uint64_t bytes);
/* Waits for bytes, in turn; granted is called later. bytes are at most the limit; 0: until no more
 * than the limit is in use, before all others. */
void planche_http_budget_wait(struct planche_http_budget *budget, struct planche_http_room *room,
                              uint64_t bytes);
/* Of one that does not wait: fine. */
void planche_http_budget_leave(struct planche_http_budget *budget, struct planche_http_room *room);
/* Counts bytes that are there already, beyond the limit if need be. */
void planche_http_budget_charge(struct planche_http_budget *budget, uint64_t bytes);
/* Gives bytes back, and room to those who wait. */
void planche_http_budget_release(struct planche_http_budget *budget, uint64_t bytes);

/* Bytes that several hold: a page, a result. Of the loop's thread, but for the data, which does not
 * change once it is shared. */
struct planche_http_blob {
    char *data;
    size_t size;
    unsigned holders;
    void (*release)(void *owner);       /* NULL: nothing to release */
    void *owner;                        /* NULL: the data itself */
    struct planche_http_budget *budget; /* NULL: not counted */
    uint64_t charge;
    size_t capacity; /* not 0: data is of planche_http_budget_allocate */
};

/* Takes data, which is counted already if charge is not 0, and gives owner (NULL: data) to release
 * in the end. One holder. NULL: no memory; data is still the caller's. */
struct planche_http_blob *planche_http_blob_create(void *data, size_t size,
                                                   void (*release)(void *owner), void *owner,
                                                   struct planche_http_budget *budget,
                                                   uint64_t charge);
struct planche_http_blob *planche_http_blob_hold(struct planche_http_blob *blob);
/* NULL is fine. */
void planche_http_blob_drop(struct planche_http_blob *blob);

#endif
