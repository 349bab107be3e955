/* SPDX-License-Identifier: MIT */
/* Memory of a page that is divided into regions.
 *
 * How wide rows are depends on the stripe alone, how many are alive on the segment alone. So all
 * stripes and all segments are looked at, not all regions, and the widest is taken as often as the
 * most. */
#include "backend/cpu/regions.h"

#include "base/checked.h"
#include "base/status.h"
#include "net/integers.h"

#include <assert.h>

/* Rows that a stripe is looked at with: enough for every node to have a part in the pass, however
 * much smaller than the page its tensor is. */
#define SAMPLE_ROWS 128

/* The greatest of all regions of one pass. */
struct extremes {
    const struct planche_plan *plan;
    int level;
    size_t *floats;  /* [slot_class_count]: of a slot */
    int64_t *counts; /* [slot_class_count]: slots */
    size_t zero_floats, other_bytes;
    int64_t fetch_rows;
    double segment_macs;           /* of all segments at full width */
    double stripe_macs, full_macs; /* of all stripes, of the full width, SAMPLE_ROWS high */
};

/* What a pass holds beside slots and the row of zeros. */
static size_t other_bytes(const struct planche_pass *pass)
{
    size_t slots = pass->zero_floats;
    for (int c = 0; c < pass->spec.program->slot_class_count; c++)
        slots += pass->slots[c].floats * (size_t)pass->slots[c].count;
    return pass->slab_bytes - slots * sizeof(float);
}

/* The first rows of a stripe. */
static enum planche_status sample_stripe(const struct extremes *e, int64_t x0, int64_t x1,
                                         struct planche_pass **pass, struct planche_error *error)
{
    struct planche_pass_spec spec = planche_plan_spec(e->plan, e->level);
    spec.region.x0 = x0;
    spec.region.x1 = x1;
    spec.region.y1 = planche_int_min(spec.region.y1, SAMPLE_ROWS);
    return planche_pass_create(pass, &spec, e->plan->budget, error);
}

static enum planche_status look_at_stripe(struct extremes *e, int64_t x0, int64_t x1,
                                          struct planche_error *error)
{
    struct planche_pass *pass;
    enum planche_status status = sample_stripe(e, x0, x1, &pass, error);
    if (status)
        return status;
    assert(e->floats);
    for (int c = 0; c < e->plan->program->slot_class_count; c++)
        if (pass->slots[c].floats > e->floats[c])
            e->floats[c] = pass->slots[c].floats;
    if (pass->zero_floats > e->zero_floats)
        e->zero_floats = pass->zero_floats;
    e->stripe_macs += pass->macs;
    planche_pass_destroy(&pass);
    return PLANCHE_OK;
}

/* What the stripes' halos cost is seen by comparison with the full width. */
static enum planche_status look_at_full_width(struct extremes *e, int64_t width,
                                              struct planche_error *error)
{
    struct planche_pass *pass;
    enum planche_status status = sample_stripe(e, 0, width, &pass, error);
    if (status)
        return status;
    e->full_macs = pass->macs;
    planche_pass_destroy(&pass);
    return PLANCHE_OK;
}

static enum planche_status look_at_segment(struct extremes *e, int64_t y0, int64_t y1,
                                           struct planche_error *error)
{
    struct planche_pass_spec spec = planche_plan_spec(e->plan, e->level);
    struct planche_pass *pass;
    spec.region.y0 = y0;
    spec.region.y1 = y1;
    enum planche_status status = planche_pass_create(&pass, &spec, e->plan->budget, error);
    if (status)
        return status;
    for (int c = 0; c < spec.program->slot_class_count; c++)
        if (pass->slots[c].count > e->counts[c])
            e->counts[c] = pass->slots[c].count;
    const struct planche_buffer *page = &pass->buffers[spec.program->page_tensor];
    if (page->rect.y1 - page->rect.y0 > e->fetch_rows)
        e->fetch_rows = page->rect.y1 - page->rect.y0;
    if (other_bytes(pass) > e->other_bytes)
        e->other_bytes = other_bytes(pass);
    e->segment_macs += pass->macs;
    planche_pass_destroy(&pass);
    return PLANCHE_OK;
}

static bool add_up(const struct extremes *e, uint64_t *bytes)
{
    size_t floats = e->zero_floats, slots, total;
    for (int c = 0; c < e->plan->program->slot_class_count; c++)
        if (!planche_mul_size(e->floats[c], (size_t)e->counts[c], &slots) ||
            !planche_add_size(floats, slots, &floats))
            return false;
    if (!planche_mul_size(floats, sizeof(float), &total) ||
        !planche_add_size(total, e->other_bytes, &total))
        return false;
    *bytes = total;
    return true;
}

static enum planche_status measure_level(const struct planche_plan *plan, int level, int64_t stripe,
                                         int64_t segment, struct planche_regions_size *size,
                                         struct planche_error *error)
{
    const struct planche_geometry *g = planche_plan_geometry(plan, level);
    size_t classes = (size_t)plan->program->slot_class_count;
    struct extremes e = {.plan = plan, .level = level};
    enum planche_status status = PLANCHE_OK;
    uint64_t bytes = 0;
    e.floats = planche_calloc(plan->budget, classes, sizeof(*e.floats));
    e.counts = planche_calloc(plan->budget, classes, sizeof(*e.counts));
    if (!e.floats || !e.counts)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory to plan the page");
    if (!status)
        status = look_at_full_width(&e, g->page_width, error);
    for (int64_t x = 0; x < g->page_width && !status; x += stripe)
        status = look_at_stripe(&e, x, planche_int_min(x + stripe, g->page_width), error);
    for (int64_t y = 0; y < g->page_height && !status; y += segment)
        status = look_at_segment(&e, y, planche_int_min(y + segment, g->page_height), error);
    if (!status && !add_up(&e, &bytes))
        status = planche_fail(error, PLANCHE_ERROR_LIMIT, "the page is too large for this machine");
    size->bytes = bytes > size->bytes ? bytes : size->bytes;
    size->fetch_rows = e.fetch_rows > size->fetch_rows ? e.fetch_rows : size->fetch_rows;
    if (e.full_macs > 0)
        size->macs += e.segment_macs * e.stripe_macs / e.full_macs;
    planche_free(e.floats);
    planche_free(e.counts);
    return status;
}

enum planche_status planche_regions_measure(const struct planche_plan *plan, int64_t stripe,
                                            int64_t segment, struct planche_regions_size *size,
                                            struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *size = (struct planche_regions_size){0};
    for (int level = 1; level <= plan->program->levels + 1 && !status; level++)
        status = measure_level(plan, level, stripe, segment, size, error);
    return status;
}
