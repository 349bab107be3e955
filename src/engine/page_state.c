/* SPDX-License-Identifier: MIT */
/* State machine of a page: its transitions, and its progress. */
#include "engine/page_state.h"

#include <assert.h>

/* Share of a page's progress that a whole-picture encoder gets. */
#define ENCODE_SHARE 0.1

#define BIT(state) (1u << PLANCHE_PAGE_##state)

/* The states that follow each state, as bits. */
static const unsigned following[] = {
    [PLANCHE_PAGE_NEW] = BIT(OPENED),        [PLANCHE_PAGE_OPENED] = BIT(RESOLVED),
    [PLANCHE_PAGE_RESOLVED] = BIT(PLANNED),  [PLANCHE_PAGE_PLANNED] = BIT(ADMITTED) | BIT(DEFERRED),
    [PLANCHE_PAGE_DEFERRED] = BIT(RESOLVED), [PLANCHE_PAGE_ADMITTED] = BIT(RUNNING),
    [PLANCHE_PAGE_RUNNING] = BIT(ENCODING),  [PLANCHE_PAGE_ENCODING] = 0,
};

void planche_page_set_state(struct planche_page *page, enum planche_page_state state)
{
    bool follows = state == PLANCHE_PAGE_NEW || (following[page->state] >> state & 1) != 0;
    assert(follows);
    (void)follows;
    page->state = state;
}

/* Progress never falls, though encoders may begin anew. A page that is cancelled reports none,
 * though encoders may take their time to stop. */
static void report(struct planche_page_job *job, double done)
{
    const struct planche_page_options *options = &job->options;
    if (done > job->reported)
        job->reported = done;
    if (options->progress && planche_cancel_check(&job->cancel) == PLANCHE_OK)
        options->progress(options->progress_user, job->reported);
}

void planche_page_network_progress(void *job, double done)
{
    report(job, done * (1 - ENCODE_SHARE));
}

void planche_page_writer_progress(void *job, double done)
{
    report(job, 1 - ENCODE_SHARE + ENCODE_SHARE * done);
}
