/* SPDX-License-Identifier: MIT */
/* Lifetime of a network: what it owns is freed here. */
#include "net/net.h"

static void destroy_step(struct planche_step *step)
{
    planche_free(step->inputs);
    if (step->op == PLANCHE_STEP_INNER || step->owns_weights)
        planche_free(step->weights);
    planche_free(step->bias);
    planche_free(step->scale);
    planche_free(step->slope);
    planche_free(step->offsets);
}

void planche_net_drop_kernels(struct planche_net *net)
{
    for (int i = 0; i < net->step_count; i++)
        if (net->steps[i].op != PLANCHE_STEP_INNER) {
            if (net->steps[i].owns_weights)
                planche_free(net->steps[i].weights);
            net->steps[i].weights = NULL;
        }
    planche_free(net->kernels);
    net->kernels = NULL;
}

void planche_net_destroy(struct planche_net **net)
{
    if (!net || !*net)
        return;
    for (int i = 0; i < (*net)->step_count; i++)
        destroy_step(&(*net)->steps[i]);
    planche_free((*net)->kernels);
    planche_free((*net)->steps);
    planche_free((*net)->tensors);
    planche_free(*net);
    *net = NULL;
}
