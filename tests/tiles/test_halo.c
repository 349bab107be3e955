/* SPDX-License-Identifier: MIT */
/* Halos of tiles and their memory plans: against what every single pixel depends on, and against
 * the lives of tensors at every step; on random networks and on those of the catalogue.
 *
 *   test_tiles_halo [SEED [COUNT]]     tries other networks than the usual ones */
#include "backend/tiles/halo.h"
#include "backend/tiles/memory_planner.h"

#include "backend_test.h"
#include "support/need_model.h"
#include "support/quick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_TAPS 64
#define SIDE     4

static uint64_t first_seed = 1;
static int count = 200;

/* What occurred: all must, or the test shows nothing. */
static struct {
    int tiles, levels, idle_steps, no_input, exact, squares;
} seen;

/* A network at the size of one page, and what a tile of it takes. */
struct subject {
    const struct planche_net *net;
    const char *name;
    struct planche_shape result; /* pixels of the enlarged page */
    struct planche_shape *shapes;
    struct planche_rect *regions, *owned;
    bool *needed;
    int *levels, highest;
    int *pitches;
    int *squares; /* [step_count]: some convolutions have squares of SIDE pixels */
    int level;    /* that is looked at; 0: the result */
    struct planche_rect tile;
    struct planche_memory_plan plan;
};

static void *zeroes(int n, size_t size)
{
    void *block = calloc((size_t)n, size);
    assert_non_null(block);
    return block;
}

static bool subject_make(struct subject *s, const struct planche_net *net, const char *name,
                         int64_t width, int64_t height)
{
    struct planche_shape input = planche_padded_shape(&net->recipe, width, height);
    int64_t scale = net->recipe.scale;
    *s = (struct subject){.net = net, .name = name, .result = {height * scale, width * scale}};
    s->shapes = zeroes(net->tensor_count, sizeof(*s->shapes));
    s->regions = zeroes(net->tensor_count, sizeof(*s->regions));
    s->owned = zeroes(net->step_count, sizeof(*s->owned));
    s->needed = zeroes(net->step_count, sizeof(*s->needed));
    s->levels = zeroes(net->tensor_count, sizeof(*s->levels));
    s->pitches = zeroes(net->tensor_count, sizeof(*s->pitches));
    s->plan.offsets = zeroes(net->tensor_count, sizeof(*s->plan.offsets));
    s->squares = zeroes(net->step_count, sizeof(*s->squares));
    for (int i = 0; i < net->step_count; i++)
        s->squares[i] = net->steps[i].op == PLANCHE_STEP_CONV && i % 3 != 2 ? SIDE : 0;
    for (int t = 0; t < net->tensor_count; t++)
        s->pitches[t] = (net->tensors[t].channels + 15) / 16 * 16;
    s->highest = planche_net_levels(net, s->levels);
    return planche_net_shapes(net, input.height, input.width, s->shapes);
}

static void subject_free(struct subject *s)
{
    free(s->shapes);
    free(s->regions);
    free(s->owned);
    free(s->needed);
    free(s->levels);
    free(s->pitches);
    free(s->squares);
    free(s->plan.offsets);
}

static void find_regions(struct subject *s, int level, struct planche_rect tile)
{
    s->level = level;
    s->tile = tile;
    if (level == 0)
        planche_halo_of_tile(s->net, s->shapes, s->squares, tile, s->regions, s->needed);
    else
        planche_halo_of_level(s->net, s->shapes, s->result, s->squares, s->levels, level, tile,
                              s->regions, s->needed, s->owned);
}

static _Noreturn void fail_at(const struct subject *s, int tensor, const char *what)
{
    const struct planche_rect *r = &s->regions[tensor], *t = &s->tile;
    fail_msg("%s, level %d, tile [%lld, %lld) x [%lld, %lld), tensor %s: %s; its region is [%lld, "
             "%lld) x [%lld, %lld)",
             s->name, s->level, (long long)t->x0, (long long)t->x1, (long long)t->y0,
             (long long)t->y1, s->net->tensors[tensor].name, what, (long long)r->x0,
             (long long)r->x1, (long long)r->y0, (long long)r->y1);
    exit(1);
}

/* How a step reads in one direction. */
struct taps {
    const struct planche_step *step;
    int kernel, stride, dilation, pad;
    int64_t in, out;
};

static struct taps taps_of(const struct subject *s, const struct planche_step *step, bool rows)
{
    struct planche_shape in = planche_view_shape(&step->inputs[0], s->shapes);
    struct planche_shape out = s->shapes[step->output];
    return (struct taps){
        .step = step,
        .kernel = rows ? step->kernel_h : step->kernel_w,
        .stride = rows ? step->stride_h : step->stride_w,
        .dilation = rows ? step->dilation_h : step->dilation_w,
        .pad = rows ? step->pad_top : step->pad_left,
        .in = rows ? in.height : in.width,
        .out = rows ? out.height : out.width,
    };
}

/* The places in the view that place i of the output reads, written as the layers are defined. */
static int list_taps(const struct taps *t, int64_t i, int64_t list[MAX_TAPS])
{
    int found = 0;
    switch (t->step->op) {
    case PLANCHE_STEP_CONV:
        for (int k = 0; k < t->kernel; k++)
            list[found++] = i * t->stride + k * t->dilation - t->pad;
        break;
    case PLANCHE_STEP_DECONV:
        for (int k = 0; k < t->kernel; k++)
            if ((i + t->pad - k * t->dilation) % t->stride == 0)
                list[found++] = (i + t->pad - k * t->dilation) / t->stride;
        break;
    case PLANCHE_STEP_SHUFFLE:
        list[found++] = i / t->step->shuffle;
        break;
    case PLANCHE_STEP_INTERP: {
        int taps = t->step->interp == PLANCHE_INTERP_NEAREST    ? 1
                   : t->step->interp == PLANCHE_INTERP_BILINEAR ? 2
                                                                : 4;
        int64_t top = (2 * i + 1) * t->in - t->out, base = top / (2 * t->out) - (top < 0);
        for (int k = 0; k < taps; k++) {
            int64_t at = taps == 1 ? i * t->in / t->out : base - (taps / 2 - 1) + k;
            list[found++] = at < 0 ? 0 : at >= t->in ? t->in - 1 : at;
        }
        return found;
    }
    default:
        list[found++] = i;
    }
    int inside = 0; /* the others are padding */
    for (int k = 0; k < found; k++)
        if (list[k] >= 0 && list[k] < t->in)
            list[inside++] = list[k];
    return inside;
}

/* The first and the last place that [a, b) reads. */
static bool read_range(const struct taps *t, int64_t a, int64_t b, int64_t *lo, int64_t *hi)
{
    int64_t list[MAX_TAPS];
    *lo = INT64_MAX;
    *hi = 0;
    for (int64_t i = a; i < b; i++)
        for (int k = list_taps(t, i, list); k > 0; k--) {
            *lo = list[k - 1] < *lo ? list[k - 1] : *lo;
            *hi = list[k - 1] >= *hi ? list[k - 1] + 1 : *hi;
        }
    return *lo < *hi;
}

static void unite(struct planche_rect *all, struct planche_rect r)
{
    if (planche_rect_is_empty(*all))
        *all = r;
    all->x0 = r.x0 < all->x0 ? r.x0 : all->x0;
    all->x1 = r.x1 > all->x1 ? r.x1 : all->x1;
    all->y0 = r.y0 < all->y0 ? r.y0 : all->y0;
    all->y1 = r.y1 > all->y1 ? r.y1 : all->y1;
}

static void unite_view(struct planche_rect *all, const struct planche_view *view,
                       struct planche_rect r)
{
    unite(&all[view->tensor], (struct planche_rect){r.x0 + view->left, r.x1 + view->left,
                                                    r.y0 + view->top, r.y1 + view->top});
}

/* Taps with holes between them: a region may begin in a hole that lies at the tensor's edge. */
static bool has_holes(const struct planche_step *step)
{
    return (step->op == PLANCHE_STEP_CONV || step->op == PLANCHE_STEP_DECONV) &&
           (step->dilation_w > 1 || step->dilation_h > 1 || step->kernel_w < step->stride_w ||
            step->kernel_h < step->stride_h || step->pad_top >= step->kernel_h ||
            step->pad_left >= step->kernel_w);
}

/* What the steps that run read of every tensor, given what they make. */
static void read_regions(const struct subject *s, struct planche_rect *read, bool *holes)
{
    for (int i = 0; i < s->net->step_count; i++) {
        const struct planche_step *step = &s->net->steps[i];
        struct planche_rect made = s->regions[step->output], r;
        if (!s->needed[i])
            continue;
        if (step->op == PLANCHE_STEP_POOL) {
            unite_view(read, &step->inputs[0], s->owned[i]);
            continue;
        }
        if (s->squares[i]) {
            holes[step->output] = true; /* whole squares are made of what is read of them */
            if (made.x0 % SIDE || made.y0 % SIDE ||
                (made.x1 % SIDE && made.x1 < s->shapes[step->output].width) ||
                (made.y1 % SIDE && made.y1 < s->shapes[step->output].height))
                fail_at(s, step->output, "not whole squares");
            seen.squares++;
        }
        const struct taps rows = taps_of(s, step, true), columns = taps_of(s, step, false);
        bool any = read_range(&rows, made.y0, made.y1, &r.y0, &r.y1);
        any = read_range(&columns, made.x0, made.x1, &r.x0, &r.x1) && any;
        seen.no_input += !any;
        for (int v = 0; v < step->input_count; v++) {
            if (any)
                unite_view(read, &step->inputs[v], r);
            holes[step->inputs[v].tensor] |= has_holes(step);
        }
        for (int v = 0; v < step->residual_count; v++)
            unite_view(read, &step->residuals[v].view, made);
    }
}

static bool contains(const struct planche_rect *all, const struct planche_rect *r)
{
    return planche_rect_is_empty(*r) ||
           (r->x0 >= all->x0 && r->x1 <= all->x1 && r->y0 >= all->y0 && r->y1 <= all->y1);
}

/* Regions are what is read of them, no less and (but for holes) no more. */
static void check_regions(struct subject *s)
{
    struct planche_rect *read = zeroes(s->net->tensor_count, sizeof(*read));
    bool *holes = zeroes(s->net->tensor_count, sizeof(*holes));
    int64_t crop = s->net->recipe.crop;
    if (s->level == 0)
        unite_view(read, &s->net->output,
                   (struct planche_rect){s->tile.x0 + crop, s->tile.x1 + crop, s->tile.y0 + crop,
                                         s->tile.y1 + crop});
    read_regions(s, read, holes);
    for (int t = 0; t < s->net->tensor_count; t++) {
        const struct planche_rect *r = &s->regions[t];
        bool empty = planche_rect_is_empty(*r);
        if (s->net->tensors[t].vector && !empty)
            fail_at(s, t, "a vector has a region");
        if (!contains(r, &read[t]))
            fail_at(s, t, "more is read");
        if (!empty &&
            (r->x0 < 0 || r->y0 < 0 || r->x1 > s->shapes[t].width || r->y1 > s->shapes[t].height))
            fail_at(s, t, "it reaches beyond the tensor");
        if (!holes[t] && !empty && !contains(&read[t], r))
            fail_at(s, t, "less is read");
        seen.exact += !holes[t] && !empty;
    }
    for (int i = 0; i < s->net->step_count; i++) {
        const struct planche_step *step = &s->net->steps[i];
        bool runs = step->op == PLANCHE_STEP_POOL
                        ? s->level > 0 && !planche_rect_is_empty(s->owned[i])
                        : !planche_rect_is_empty(s->regions[step->output]);
        if (s->needed[i] != runs)
            fail_at(s, step->output, "its step runs without need, or not at all");
        seen.idle_steps += !runs && !s->net->tensors[step->output].vector;
    }
    free(read);
    free(holes);
}

/* Maps of pixels, one for every tensor: those that something depends on. */
struct marks {
    const struct subject *subject;
    uint8_t **of;
};

static void mark(struct marks *m, const struct planche_view *view, int64_t x, int64_t y)
{
    int t = view->tensor;
    const struct planche_shape *shape = &m->subject->shapes[t];
    const struct planche_rect *r = &m->subject->regions[t];
    x += view->left;
    y += view->top;
    if (x < r->x0 || x >= r->x1 || y < r->y0 || y >= r->y1)
        fail_at(m->subject, t, "a pixel outside is needed");
    if (!m->of[t])
        m->of[t] = zeroes((int)(shape->width * shape->height), 1);
    m->of[t][y * shape->width + x] = 1;
}

static void mark_pixel(struct marks *m, const struct planche_step *step, int64_t x, int64_t y)
{
    const struct taps rows = taps_of(m->subject, step, true);
    const struct taps columns = taps_of(m->subject, step, false);
    int64_t ys[MAX_TAPS], xs[MAX_TAPS];
    int y_count = list_taps(&rows, y, ys), x_count = list_taps(&columns, x, xs);
    for (int v = 0; v < step->input_count; v++)
        for (int i = 0; i < y_count; i++)
            for (int j = 0; j < x_count; j++)
                mark(m, &step->inputs[v], xs[j], ys[i]);
    for (int v = 0; v < step->residual_count; v++)
        mark(m, &step->residuals[v].view, x, y);
}

/* All pixels of a square are made if one of them is. */
static void mark_square(struct marks *m, int tensor, int64_t x0, int64_t y0, int side)
{
    const struct planche_shape *shape = &m->subject->shapes[tensor];
    for (int64_t y = y0; y < y0 + side && y < shape->height; y++)
        for (int64_t x = x0; x < x0 + side && x < shape->width; x++)
            if (!m->of[tensor][y * shape->width + x])
                m->of[tensor][y * shape->width + x] = 2;
}

static void mark_inputs(struct marks *m, const struct planche_step *step)
{
    const struct planche_shape *shape = &m->subject->shapes[step->output];
    int side = m->subject->squares[step - m->subject->net->steps];
    uint8_t *of = m->of[step->output];
    for (int64_t i = 0; side && of && i < shape->width * shape->height; i++)
        if (of[i] == 1)
            mark_square(m, step->output, i % shape->width / side * side,
                        i / shape->width / side * side, side);
    for (int64_t i = 0; of && i < shape->width * shape->height; i++)
        if (of[i])
            mark_pixel(m, step, i % shape->width, i / shape->width);
}

static void mark_area(struct marks *m, const struct planche_view *view, struct planche_rect r,
                      int64_t shift)
{
    for (int64_t y = r.y0; y < r.y1; y++)
        for (int64_t x = r.x0; x < r.x1; x++)
            mark(m, view, x + shift, y + shift);
}

/* Every pixel that the tile depends on, through all steps, lies in a region. */
static void check_dependence(const struct subject *s)
{
    struct marks m = {s, zeroes(s->net->tensor_count, sizeof(*m.of))};
    if (s->level == 0)
        mark_area(&m, &s->net->output, s->tile, s->net->recipe.crop);
    for (int i = s->net->step_count - 1; i >= 0; i--) {
        const struct planche_step *step = &s->net->steps[i];
        if (step->op == PLANCHE_STEP_POOL && s->level > 0)
            mark_area(&m, &step->inputs[0], s->owned[i], 0);
        else if (!s->net->tensors[step->output].vector)
            mark_inputs(&m, step);
    }
    for (int t = 0; t < s->net->tensor_count; t++)
        free(m.of[t]);
    free(m.of);
}

static uint64_t bytes_of(const struct subject *s, int tensor, unsigned value_bytes)
{
    const struct planche_rect *r = &s->regions[tensor];
    if (planche_rect_is_empty(*r))
        return 0;
    return (uint64_t)(r->x1 - r->x0) * (uint64_t)(r->y1 - r->y0) * (uint64_t)s->pitches[tensor] *
           value_bytes;
}

static bool reads(const struct planche_step *step, int tensor)
{
    bool found = false;
    for (int v = 0; v < step->input_count; v++)
        found = found || step->inputs[v].tensor == tensor;
    for (int v = 0; v < step->residual_count; v++)
        found = found || step->residuals[v].view.tensor == tensor;
    return found;
}

/* The steps during which a tensor must be kept. */
static void find_life(const struct subject *s, int tensor, int *first, int *last)
{
    *first = *last = -1;
    for (int i = 0; i < s->net->step_count; i++) {
        if (s->needed[i] && s->net->steps[i].output == tensor)
            *first = *last = i;
        if (s->needed[i] && reads(&s->net->steps[i], tensor))
            *last = i;
    }
    if (s->level == 0 && tensor == s->net->output.tensor)
        *last = s->net->step_count;
}

static void check_apart(const struct subject *s, int a, int b, unsigned value_bytes)
{
    uint64_t at = s->plan.offsets[a], other = s->plan.offsets[b];
    if (at < other + bytes_of(s, b, value_bytes) && other < at + bytes_of(s, a, value_bytes))
        fail_at(s, a, "its memory is also another's that lives at the same time");
}

/* In blocks with room for the largest tensor no tensor lies in two, and the plan is sound; with
 * less there is none. Restores the plan. */
static void check_blocks(struct subject *s, unsigned value_bytes)
{
    struct planche_memory_format format = {s->pitches, value_bytes, 0, NULL, NULL};
    uint64_t largest = 0;
    for (int t = 0; t < s->net->tensor_count; t++) {
        uint64_t bytes = (bytes_of(s, t, value_bytes) + 255) / 256 * 256;
        largest = bytes > largest ? bytes : largest;
    }
    for (uint64_t block = largest; block && block <= 2 * largest; block += largest) {
        format.block = block;
        if (!planche_memory_plan_make(&s->plan, s->net, s->regions, s->needed, &format, NULL))
            fail_msg("%s: no plan in blocks", s->name);
        for (int t = 0; t < s->net->tensor_count; t++) {
            uint64_t begin = s->plan.offsets[t], bytes = bytes_of(s, t, value_bytes);
            assert_true(bytes == 0 || begin / block == (begin + bytes - 1) / block);
            assert_true(begin + bytes <= s->plan.bytes);
        }
    }
    format.block = largest - 256;
    assert_true(!format.block ||
                !planche_memory_plan_make(&s->plan, s->net, s->regions, s->needed, &format, NULL));
    format.block = 0;
    assert_true(planche_memory_plan_make(&s->plan, s->net, s->regions, s->needed, &format, NULL));
}

/* Bytes of tensors that live at the same time, at the worst step: no plan can do with less. */
static uint64_t check_plan(struct subject *s, unsigned value_bytes)
{
    int tensors = s->net->tensor_count;
    int *first = zeroes(tensors, sizeof(*first)), *last = zeroes(tensors, sizeof(*last));
    uint64_t peak = 0;
    const struct planche_memory_format format = {s->pitches, value_bytes, 0, NULL, NULL};
    if (!planche_memory_plan_make(&s->plan, s->net, s->regions, s->needed, &format, NULL))
        fail_msg("%s: no plan", s->name);
    for (int t = 0; t < tensors; t++) {
        find_life(s, t, &first[t], &last[t]);
        assert_int_equal(s->plan.offsets[t] % 256, 0);
        assert_true(s->plan.offsets[t] + bytes_of(s, t, value_bytes) <= s->plan.bytes);
    }
    for (int a = 0; a < tensors; a++) {
        uint64_t alive = 0; /* when a is made */
        for (int b = 0; b < tensors; b++) {
            if (bytes_of(s, a, 1) == 0 || bytes_of(s, b, 1) == 0 || first[b] > first[a] ||
                last[b] < first[a])
                continue;
            alive += (bytes_of(s, b, value_bytes) + 255) / 256 * 256;
            if (a != b)
                check_apart(s, a, b, value_bytes);
        }
        peak = alive > peak ? alive : peak;
    }
    assert_true(s->plan.bytes >= peak);
    check_blocks(s, value_bytes);
    free(first);
    free(last);
    return peak;
}

#define MAX_BORDERS 16

/* Borders of a few tiles: as regular as a page's, or not at all. */
static int cut(uint64_t *random, int64_t size, int64_t borders[MAX_BORDERS])
{
    const int least = (int)size / 8 + 1, most = (int)size / 2 + 1;
    bool regular = test_random_int(random, 0, 1) == 0;
    int64_t side = test_random_int(random, least, most), at = 0;
    int n = 0;
    for (borders[n++] = 0; at < size; borders[n++] = at) {
        at += regular ? side : test_random_int(random, least, most);
        at = at < size ? at : size;
    }
    return n - 1;
}

/* owner[step]: how many tiles own each pixel of a POOL's view. */
static void count_owned(const struct subject *s, uint8_t **owners)
{
    for (int i = 0; i < s->net->step_count; i++) {
        const struct planche_rect *r = &s->owned[i];
        if (planche_rect_is_empty(*r))
            continue;
        struct planche_shape shape = planche_view_shape(&s->net->steps[i].inputs[0], s->shapes);
        assert_true(s->net->steps[i].op == PLANCHE_STEP_POOL);
        assert_true(r->x0 >= 0 && r->y0 >= 0 && r->x1 <= shape.width && r->y1 <= shape.height);
        if (!owners[i])
            owners[i] = zeroes((int)(shape.width * shape.height), 1);
        for (int64_t y = r->y0; y < r->y1; y++)
            for (int64_t x = r->x0; x < r->x1; x++)
                owners[i][y * shape.width + x]++;
    }
}

static void check_partition(const struct subject *s, uint8_t **owners)
{
    for (int i = 0; i < s->net->step_count; i++) {
        const struct planche_step *step = &s->net->steps[i];
        bool averaged = step->op == PLANCHE_STEP_POOL && s->levels[step->output] == s->level;
        struct planche_shape shape = planche_view_shape(&step->inputs[0], s->shapes);
        assert_int_equal(averaged, owners[i] != NULL);
        for (int64_t p = 0; averaged && p < shape.width * shape.height; p++)
            if (owners[i][p] != 1)
                fail_msg("%s: pixel %lld of the average %s is owned %d times", s->name,
                         (long long)p, step->name, owners[i][p]);
        free(owners[i]);
    }
}

static void check_level(struct subject *s, int level, const int64_t *xs, int x_count,
                        const int64_t *ys, int y_count)
{
    uint8_t **owners = zeroes(s->net->step_count, sizeof(*owners));
    for (int j = 0; j < y_count; j++)
        for (int i = 0; i < x_count; i++) {
            const struct planche_rect tile = {xs[i], xs[i + 1], ys[j], ys[j + 1]};
            find_regions(s, level, tile);
            check_regions(s);
            check_dependence(s);
            check_plan(s, (i + j) % 2 ? 2 : 4);
            if (level > 0)
                count_owned(s, owners);
            seen.tiles++;
        }
    if (level > 0)
        check_partition(s, owners);
    seen.levels += level > 1;
    free(owners);
}

static void test_random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + (uint64_t)count; seed++) {
        struct network network;
        struct subject s;
        uint64_t random = seed;
        char name[32];
        int64_t xs[MAX_BORDERS], ys[MAX_BORDERS];
        snprintf(name, sizeof(name), "seed %llu", (unsigned long long)seed);
        if (!network_make_random(&network, seed)) {
            network_free(&network);
            continue;
        }
        int width = test_random_int(&random, 1, 40), height = test_random_int(&random, 1, 40);
        assert_true(subject_make(&s, network.net, name, width, height));
        int x_count = cut(&random, s.result.width, xs), y_count = cut(&random, s.result.height, ys);
        for (int level = 0; level <= s.highest; level++)
            check_level(&s, level, xs, x_count, ys, y_count);
        subject_free(&s);
        network_free(&network);
    }
    print_message("%d tiles, %d levels beyond the first, %d steps without need, %d without input, "
                  "%d regions exact\n",
                  seen.tiles, seen.levels, seen.idle_steps, seen.no_input, seen.exact);
    assert_true(seen.tiles > 0 && seen.levels > 0 && seen.idle_steps > 0 && seen.exact > 0 &&
                seen.squares > 0);
}

/* A tile that has halos on all sides. */
static struct planche_rect middle(struct planche_shape all, int64_t side)
{
    int64_t w = side < all.width ? side : all.width, h = side < all.height ? side : all.height;
    int64_t x = (all.width - w) / 2, y = (all.height - h) / 2;
    return (struct planche_rect){x, x + w, y, y + h};
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

#define REPEATS 20
static double plan_us(struct subject *s, unsigned value_bytes)
{
    double start = now_us();
    for (int i = 0; i < REPEATS; i++) {
        find_regions(s, s->level, s->tile);
        const struct planche_memory_format format = {s->pitches, value_bytes, 0, NULL, NULL};
        assert_true(
            planche_memory_plan_make(&s->plan, s->net, s->regions, s->needed, &format, NULL));
    }
    return (now_us() - start) / REPEATS;
}

/* Layouts of the catalogue's networks need at most this much more than any must. */
#define MAX_WASTE 1.10

static void check_known_tile(struct subject *s, int level, int64_t side)
{
    find_regions(s, level, middle(s->result, side));
    check_regions(s);
    uint64_t least = check_plan(s, 2);
    double ratio = (double)s->plan.bytes / (double)least;
    print_message("%-46s level %d, %4lld x %-4lld %8.1f MiB, %.3f of the least, %4.0f us\n",
                  s->name, level, (long long)(s->tile.x1 - s->tile.x0),
                  (long long)(s->tile.y1 - s->tile.y0), (double)s->plan.bytes / 1048576, ratio,
                  plan_us(s, 2));
    if (ratio > MAX_WASTE)
        fail_msg("%s: a plan that wastes memory", s->name);
}

static void check_known(const struct planche_model_variant *variant)
{
    static const int64_t sides[] = {64, 256, 512, 1 << 20};
    struct network network;
    struct subject s;
    network_load_known(&network, variant, false);
    /* Four times as large, 64 channels are just less than can be counted. */
    assert_true(subject_make(&s, network.net, variant->file, 1200, 1700));
    for (int level = 0; level <= s.highest; level++)
        for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++)
            check_known_tile(&s, level, sides[i] * (int64_t)variant->scale);
    subject_free(&s);
    network_free(&network);
}

static void test_known_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *v = planche_model_variant_get(i);
        if (v->package && planche_model_check(v, NULL, 0, NULL) == PLANCHE_OK)
            check_known(v);
    }
    test_need_model("realcugan", 2, PLANCHE_DENOISE_CONSERVATIVE);
}

/* What cannot be planned is said, and leaves nothing behind. */
static void test_refusals(void **state)
{
    struct network network;
    struct subject s;
    struct planche_budget budget;
    (void)state;
    planche_budget_init(&budget, 0);
    for (uint64_t seed = 1; !network_make_random(&network, seed); seed++)
        network_free(&network);
    assert_true(subject_make(&s, network.net, "refusals", 40, 40));
    find_regions(&s, 0, middle(s.result, 16));
    struct planche_memory_format format = {s.pitches, 4, 0, NULL, NULL};
    for (unsigned n = 1; n <= 2; n++) {
        planche_alloc_fail_at(n, false);
        assert_false(
            planche_memory_plan_make(&s.plan, s.net, s.regions, s.needed, &format, &budget));
        assert_int_equal(atomic_load(&budget.used), 0);
    }
    planche_alloc_fail_at(0, false);
    assert_true(planche_memory_plan_make(&s.plan, s.net, s.regions, s.needed, &format, &budget));
    format.block = 256; /* the largest tensor has more */
    assert_false(planche_memory_plan_make(&s.plan, s.net, s.regions, s.needed, &format, &budget));
    format.block = 0;
    s.regions[0] = (struct planche_rect){0, INT64_C(1) << 31, 0, INT64_C(1) << 31};
    assert_false(planche_memory_plan_make(&s.plan, s.net, s.regions, s.needed, &format, &budget));
    subject_free(&s);
    network_free(&network);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_networks),
                                       cmocka_unit_test(test_known_networks),
                                       cmocka_unit_test(test_refusals)};
    if (test_quick())
        count = 40;
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = atoi(argv[2]);
    return test_exit_status(cmocka_run_group_tests(tests, NULL, NULL));
}
