/* SPDX-License-Identifier: MIT */
/* The door of an engine: which pages run at once. */
#include "engine/gate.h"

#include <limits.h>

void planche_gate_init(struct planche_gate *gate)
{
    *gate = (struct planche_gate){0};
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->changed, NULL);
}

void planche_gate_destroy(struct planche_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->mutex);
}

void planche_gate_open(struct planche_gate *gate, uint64_t memory, unsigned threads, unsigned jobs)
{
    gate->memory = memory;
    gate->parts = jobs ? jobs : 1;
    gate->most = memory / gate->parts;
    gate->threads = jobs ? UINT_MAX : threads;
    gate->jobs = jobs ? jobs : threads; /* each keeps a thread busy, so there are never more */
}

static bool is_full(const struct planche_gate *gate)
{
    return gate->inside >= gate->jobs || gate->busy >= gate->threads;
}

void planche_gate_arrive(struct planche_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    uint64_t ticket = gate->arrived++;
    while (gate->served != ticket || is_full(gate))
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static uint64_t room_of(const struct planche_gate *gate)
{
    uint64_t left = gate->memory - gate->taken;
    return left < gate->most ? left : gate->most;
}

uint64_t planche_gate_room(struct planche_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    uint64_t room = room_of(gate);
    pthread_mutex_unlock(&gate->mutex);
    return room;
}

void planche_gate_wait(struct planche_gate *gate, uint64_t room)
{
    pthread_mutex_lock(&gate->mutex);
    while (room_of(gate) <= room)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

void planche_gate_enter(struct planche_gate *gate, const struct planche_stake *stake)
{
    pthread_mutex_lock(&gate->mutex);
    gate->inside++;
    gate->busy += stake->threads;
    gate->taken += stake->bytes;
    gate->served++;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

void planche_gate_go_away(struct planche_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->served++;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

void planche_gate_lower(struct planche_gate *gate, struct planche_stake *stake,
                        const struct planche_stake *to)
{
    pthread_mutex_lock(&gate->mutex);
    gate->busy -= stake->threads - to->threads;
    gate->taken -= stake->bytes - to->bytes;
    *stake = *to;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

bool planche_gate_leave(struct planche_gate *gate, const struct planche_stake *stake)
{
    pthread_mutex_lock(&gate->mutex);
    gate->inside--;
    gate->busy -= stake->threads;
    gate->taken -= stake->bytes;
    bool idle = gate->inside == 0 && gate->arrived == gate->served;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
    return idle;
}
