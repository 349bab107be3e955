/* SPDX-License-Identifier: MIT */
/* Scheduling order: class, then deadline, then arrival, with aging for who would starve.
 *
 * Aging must not turn a queue full of old background jobs into one that an interactive job waits
 * behind: what is overdue gets every fourth turn only. */
#include "job/order.h"

#include <string.h>

#define OVERDUE_TURN 4 /* every so many turns is theirs */

static int class_of(const struct planche_job_slot *slot)
{
    switch (slot->job.priority) {
    case PLANCHE_PRIORITY_INTERACTIVE:
        return 0;
    case PLANCHE_PRIORITY_BACKGROUND:
        return 2;
    case PLANCHE_PRIORITY_NORMAL:
        break;
    }
    return 1;
}

/* Whether one goes before another that came earlier. */
static bool overtakes(const struct planche_job_slot *slot, const struct planche_job_slot *earlier)
{
    if (class_of(slot) != class_of(earlier))
        return class_of(slot) < class_of(earlier);
    return slot->deadline && (!earlier->deadline || slot->deadline < earlier->deadline);
}

struct planche_job_slot *planche_job_running(const struct planche_job_queue *queue, const char *key)
{
    for (struct planche_job_slot *slot = queue->running; key && slot; slot = slot->next)
        if (slot->job.key && strcmp(slot->job.key, key) == 0)
            return slot;
    return NULL;
}

struct planche_job_slot *planche_job_choose(struct planche_job_queue *queue)
{
    struct planche_job_slot *best = NULL, *overdue = NULL;
    int64_t now = queue->clock.now(queue->clock.user);
    for (struct planche_job_slot *slot = queue->waiting; slot; slot = slot->next) {
        if (planche_job_running(queue, slot->job.key))
            continue;
        if (!overdue && now - slot->arrival >= queue->aging)
            overdue = slot;
        if (!best || overtakes(slot, best))
            best = slot;
    }
    if (overdue && queue->overdue_passed + 1 >= OVERDUE_TURN)
        best = overdue;
    queue->overdue_passed = overdue && best != overdue ? queue->overdue_passed + 1 : 0;
    return best;
}
