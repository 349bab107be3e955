/* SPDX-License-Identifier: MIT */
/* Activation checkpointing (rematerialisation): which tensors to retain between passes. A shortest
 * path over (pass, checkpoint), where a checkpoint is a place in the order of the nodes and retains
 * every tensor that crosses it. */
#include "backend/cpu/checkpoints.h"

#include "backend/cpu/cost.h"
#include "base/status.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* More places than this are not all tried: they are thinned out evenly. */
#define MAX_PLACES 96

struct search {
    const struct planche_plan *plan;
    const struct planche_program *program;
    int levels;
    double *node_cost; /* [node_count] */
    int place_count;
    int place[MAX_PLACES + 1];     /* node index; 0: retain nothing */
    bool *crosses[MAX_PLACES + 1]; /* [tensor_count] */
    double best[2][MAX_PLACES + 1];
    int *from;     /* [levels + 2][MAX_PLACES + 1] */
    bool *wanted;  /* [tensor_count], working space */
    double *bytes; /* [place_count][place_count]: retained by a pass between two checkpoints */
    float *costs;  /* [levels + 1][place_count][place_count]: of such a pass; infinite: cannot be */
};

static double *step_bytes(const struct search *s, int a, int b)
{
    return &s->bytes[(size_t)a * (size_t)s->place_count + (size_t)b];
}

static float *step_cost(const struct search *s, int level, int a, int b)
{
    size_t row = (size_t)level * (size_t)s->place_count + (size_t)a;
    return &s->costs[row * (size_t)s->place_count + (size_t)b];
}

static void find_node_costs(struct search *s, const struct planche_geometry *geometry)
{
    for (int n = 0; n < s->program->node_count; n++) {
        s->node_cost[n] = planche_cost_node(s->program, geometry, &s->program->nodes[n]);
    }
}

static void find_crossing(const struct search *s, int place, bool *crosses)
{
    for (int n = place; n < s->program->node_count; n++)
        for (int e = 0; e < s->program->nodes[n].edge_count; e++) {
            int tensor = s->program->nodes[n].edges[e].view.tensor;
            int producer = s->program->tensors[tensor].producer;
            if (producer < place && s->program->nodes[producer].step)
                crosses[tensor] = true;
        }
}

static bool find_places(struct search *s)
{
    int nodes = s->program->node_count, step = nodes / MAX_PLACES + 1;
    for (int place = 0; place < nodes && s->place_count <= MAX_PLACES; place += step) {
        bool *crosses =
            planche_calloc(s->plan->budget, (size_t)s->program->tensor_count, sizeof(bool));
        if (!crosses)
            return false;
        if (place)
            find_crossing(s, place, crosses);
        assert(s->place_count <= MAX_PLACES);
        s->place[s->place_count] = place;
        s->crosses[s->place_count++] = crosses;
    }
    return s->place_count > 0;
}

/* A pass can retain a checkpoint when all nodes before it can run by then. */
static bool can_retain(const struct search *s, int level, int checkpoint)
{
    for (int n = 0; n < s->place[checkpoint]; n++)
        if (s->program->nodes[n].level >= level)
            return false;
    return true;
}

static double bytes_of(const struct search *s, const bool *a, const bool *b,
                       const struct planche_geometry *geometry)
{
    double total = 0;
    for (int t = 0; t < s->program->tensor_count; t++) {
        size_t bytes;
        if (!a[t] && !b[t])
            continue;
        if (!planche_retained_bytes(s->program, geometry, t, &bytes))
            return INFINITY;
        total += (double)bytes;
    }
    return total;
}

/* What a pass computes from checkpoint a when it retains checkpoint b. */
static double cost_of(const struct search *s, int level, int a, int b)
{
    const struct planche_program *program = s->program;
    double cost = 0;
    memcpy(s->wanted, s->crosses[b], (size_t)program->tensor_count * sizeof(bool));
    for (int n = program->node_count - 1; n >= 0; n--) {
        const struct planche_node *node = &program->nodes[n];
        bool sink = node->kind == PLANCHE_NODE_EMIT   ? level == program->levels + 1
                    : node->kind == PLANCHE_NODE_POOL ? node->level + 1 == level
                                                      : s->wanted[node->output];
        if (!sink || (node->step && n < s->place[a]))
            continue;
        cost += s->node_cost[n];
        for (int e = 0; e < node->edge_count; e++)
            s->wanted[node->edges[e].view.tensor] = true;
    }
    return cost;
}

/* Bytes and costs of all steps of a path: they are looked up for every amount of memory. */
static bool fill_tables(struct search *s)
{
    size_t places = (size_t)s->place_count;
    const struct planche_geometry *g = planche_plan_geometry(s->plan, 1);
    s->bytes = planche_calloc(s->plan->budget, places * places, sizeof(*s->bytes));
    s->costs = planche_calloc(s->plan->budget, (size_t)(s->levels + 1) * places * places,
                              sizeof(*s->costs));
    if (!s->bytes || !s->costs)
        return false;
    for (int a = 0; a < s->place_count; a++)
        for (int b = 0; b < s->place_count; b++) {
            bool forward = !b || s->place[b] >= s->place[a]; /* checkpoints only move forward */
            double retained = bytes_of(s, s->crosses[b], s->crosses[b], g);
            *step_bytes(s, a, b) = bytes_of(s, s->crosses[a], s->crosses[b], g);
            for (int level = 1; level <= s->levels; level++) {
                bool can = forward && !(b && level == s->levels) && can_retain(s, level, b);
                double cost = can ? cost_of(s, level, a, b) + retained * PLANCHE_COST_RETAINED_BYTE
                                  : INFINITY;
                *step_cost(s, level, a, b) = (float)cost;
            }
        }
    return true;
}

/* The cheapest path that retains no more than `memory` bytes at a time; returns its cost. */
static double search_paths(struct search *s, double memory)
{
    for (int c = 0; c < s->place_count; c++)
        s->best[0][c] = c ? INFINITY : 0.0;
    for (int level = 1; level <= s->levels; level++) {
        double *before = s->best[(level - 1) % 2], *after = s->best[level % 2];
        for (int b = 0; b < s->place_count; b++) {
            after[b] = INFINITY;
            for (int a = 0; a < s->place_count; a++) {
                double cost = before[a] + (double)*step_cost(s, level, a, b);
                if (cost >= after[b] || *step_bytes(s, a, b) > memory)
                    continue;
                after[b] = cost;
                s->from[level * (MAX_PLACES + 1) + b] = a;
            }
        }
    }
    return s->best[s->levels % 2][0];
}

/* The most bytes that the path found last retains at a time. */
static double path_bytes(const struct search *s)
{
    double most = 0;
    int to = 0;
    for (int level = s->levels; level >= 1; level--) {
        int from = s->from[level * (MAX_PLACES + 1) + to];
        most = fmax(most, *step_bytes(s, from, to));
        to = from;
    }
    return most;
}

/* Leaves the path that is cheapest with what its memory costs. Every path that is worth it is met:
 * each is the cheapest for what it retains, and the next retains less. */
static void search_priced_paths(struct search *s, double base, double memory)
{
    const struct planche_plan_options *options = &s->plan->options;
    double price = planche_plan_price(options), best = INFINITY, capacity = memory;
    for (double most = memory; most >= 0;) {
        double cost = search_paths(s, most), retained = path_bytes(s);
        double fresh = base + retained - (double)options->held;
        cost += price * fmax(fresh, 0);
        if (cost < best) {
            best = cost;
            capacity = most;
        }
        most = price > 0 ? retained - 1 : -1;
    }
    search_paths(s, capacity);
}

static void take_path(const struct search *s, struct planche_plan *plan)
{
    int checkpoint = 0;
    for (int level = s->levels; level >= 1; level--) {
        plan->checkpoints[level].first = s->place[checkpoint];
        assert(s->crosses[checkpoint]);
        memcpy(plan->checkpoints[level].store, s->crosses[checkpoint],
               (size_t)s->program->tensor_count * sizeof(bool));
        assert(s->place[s->from[level * (MAX_PLACES + 1) + checkpoint]] <= s->place[checkpoint] ||
               checkpoint == 0);
        checkpoint = s->from[level * (MAX_PLACES + 1) + checkpoint];
    }
    assert(checkpoint == 0);
}

enum planche_status planche_checkpoints_choose(struct planche_plan *plan, uint64_t base,
                                               uint64_t memory, struct planche_error *error)
{
    const struct planche_program *program = plan->program;
    struct search s = {.plan = plan, .program = program};
    bool found = false;
    /* With a sample the last pass is another page's: nothing is retained for it. */
    s.levels = plan->sample_bands ? program->levels : program->levels + 1;
    s.node_cost = planche_calloc(plan->budget, (size_t)program->node_count, sizeof(double));
    s.from =
        planche_calloc(plan->budget, (size_t)(program->levels + 2) * (MAX_PLACES + 1), sizeof(int));
    s.wanted = planche_calloc(plan->budget, (size_t)program->tensor_count, sizeof(bool));
    if (s.node_cost && s.from && s.wanted)
        find_node_costs(&s, planche_plan_geometry(plan, 1));
    if (s.node_cost && s.from && s.wanted && find_places(&s) && fill_tables(&s)) {
        search_priced_paths(&s, (double)base, (double)memory);
        take_path(&s, plan);
        found = true;
    }
    for (int c = 0; c < s.place_count; c++)
        planche_free(s.crosses[c]);
    planche_free(s.node_cost);
    planche_free(s.from);
    planche_free(s.wanted);
    planche_free(s.bytes);
    planche_free(s.costs);
    return found ? PLANCHE_OK
                 : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory to plan the page");
}

uint64_t planche_checkpoints_bytes(const struct planche_plan *plan, int level)
{
    const struct planche_geometry *geometry = planche_plan_geometry(plan, level);
    uint64_t total = 0;
    for (int t = 0; t < plan->program->tensor_count; t++) {
        size_t bytes = 0;
        if (!plan->checkpoints[level].store[t] && !plan->checkpoints[level - 1].store[t])
            continue;
        if (!planche_retained_bytes(plan->program, geometry, t, &bytes))
            return UINT64_MAX;
        total += bytes;
    }
    return total;
}
