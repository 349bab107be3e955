/* SPDX-License-Identifier: MIT */
/* Relay between two networks: a ring of rows, and whose turn it is. */
#include "engine/passes/relay.h"

#include "base/status.h"

#include <string.h>

uint64_t planche_relay_memory(size_t row_bytes)
{
    return (uint64_t)PLANCHE_RELAY_ROWS * row_bytes;
}

/* Lets the other run; the mutex is held. Returns when the turn has come back. */
static void give_turn(struct planche_relay *relay, bool before)
{
    relay->before = before;
    planche_cond_broadcast(&relay->changed);
    while (relay->before == before && !(before ? relay->ended : relay->stopped))
        planche_cond_wait(&relay->changed, &relay->mutex);
}

static void run(void *user)
{
    struct planche_relay *relay = user;
    struct planche_error error = {0};
    planche_mutex_lock(&relay->mutex);
    while (!relay->before && !relay->stopped)
        planche_cond_wait(&relay->changed, &relay->mutex);
    bool wanted = !relay->stopped;
    planche_mutex_unlock(&relay->mutex);
    enum planche_status status = wanted ? relay->make(relay->user, &error) : PLANCHE_OK;
    planche_mutex_lock(&relay->mutex);
    relay->status = status;
    relay->error = error;
    relay->ended = true;
    relay->before = false;
    planche_cond_broadcast(&relay->changed);
    planche_mutex_unlock(&relay->mutex);
}

enum planche_status planche_relay_begin(struct planche_relay *relay, size_t row_bytes,
                                        planche_relay_fn make, void *user,
                                        struct planche_budget *budget, struct planche_error *error)
{
    *relay = (struct planche_relay){.row_bytes = row_bytes, .make = make, .user = user};
    relay->rows = planche_calloc(budget, PLANCHE_RELAY_ROWS, row_bytes);
    if (!relay->rows)
        return planche_fail_memory(error, budget, planche_relay_memory(row_bytes),
                                   "rows between two networks");
    planche_mutex_init(&relay->mutex);
    planche_cond_init(&relay->changed);
    relay->started = planche_thread_start(&relay->thread, run, relay);
    if (relay->started)
        return PLANCHE_OK;
    planche_cond_destroy(&relay->changed);
    planche_mutex_destroy(&relay->mutex);
    planche_free(relay->rows);
    relay->rows = NULL;
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no room for another thread");
}

static uint8_t *row_of(const struct planche_relay *relay, uint64_t row)
{
    return relay->rows + row % PLANCHE_RELAY_ROWS * relay->row_bytes;
}

enum planche_status planche_relay_push(struct planche_relay *relay, const void *row,
                                       struct planche_error *error)
{
    planche_mutex_lock(&relay->mutex);
    if (relay->pushed - relay->pulled == PLANCHE_RELAY_ROWS)
        give_turn(relay, false);
    bool stopped = relay->stopped;
    if (!stopped)
        memcpy(row_of(relay, relay->pushed++), row, relay->row_bytes);
    planche_mutex_unlock(&relay->mutex);
    return stopped ? planche_fail(error, PLANCHE_ERROR_CANCELLED, "no more rows are wanted")
                   : PLANCHE_OK;
}

enum planche_status planche_relay_pull(struct planche_relay *relay, void *row,
                                       struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&relay->mutex);
    if (relay->pulled == relay->pushed && !relay->ended)
        give_turn(relay, true);
    if (relay->pulled < relay->pushed) {
        memcpy(row, row_of(relay, relay->pulled++), relay->row_bytes);
    } else if (relay->status) {
        *error = relay->error;
        status = relay->status;
    } else {
        status = planche_fail(error, PLANCHE_ERROR_INTERNAL, "a network made too few rows");
    }
    planche_mutex_unlock(&relay->mutex);
    return status;
}

void planche_relay_end(struct planche_relay *relay)
{
    if (!relay->started)
        return;
    planche_mutex_lock(&relay->mutex);
    relay->stopped = true;
    planche_cond_broadcast(&relay->changed);
    planche_mutex_unlock(&relay->mutex);
    planche_thread_join(&relay->thread);
    planche_cond_destroy(&relay->changed);
    planche_mutex_destroy(&relay->mutex);
    planche_free(relay->rows);
    *relay = (struct planche_relay){0};
}
