/* SPDX-License-Identifier: MIT */
/* Networks of tests: state dicts of an architecture with random numbers, and their forward passes.
 */
#ifndef PLANCHE_TESTS_WEIGHTS_NETS_H
#define PLANCHE_TESTS_WEIGHTS_NETS_H

#include "forward.h"

/* A network, as tests name what they want of it. */
struct net_case {
    const char *name; /* of its file */
    void (*make)(struct dict *dict, const struct net_case *net);
    struct picture (*run)(struct forward *f, const struct net_case *net, struct picture x);
    int channels, scale;
    int features, depth, form, more; /* as the architecture takes them */
};

extern const struct net_case net_cases[];
extern const int net_case_count;

void compact_make(struct dict *dict, const struct net_case *net);
struct picture compact_run(struct forward *f, const struct net_case *net, struct picture x);
/* form: 0 old, 1 new, 2 BSRGAN, 3 ESRGAN+; more: factor of unshuffling, or 0. */
void rrdb_make(struct dict *dict, const struct net_case *net);
struct picture rrdb_run(struct forward *f, const struct net_case *net, struct picture x);
void cugan_make(struct dict *dict, const struct net_case *net);
struct picture cugan_run(struct forward *f, const struct net_case *net, struct picture x);
void waifu2x_make(struct dict *dict, const struct net_case *net);
struct picture waifu2x_run(struct forward *f, const struct net_case *net, struct picture x);
void rcan_make(struct dict *dict, const struct net_case *net);
struct picture rcan_run(struct forward *f, const struct net_case *net, struct picture x);
void span_make(struct dict *dict, const struct net_case *net);
struct picture span_run(struct forward *f, const struct net_case *net, struct picture x);
void spanplus_make(struct dict *dict, const struct net_case *net);
struct picture spanplus_run(struct forward *f, const struct net_case *net, struct picture x);
void rtmosr_make(struct dict *dict, const struct net_case *net);
struct picture rtmosr_run(struct forward *f, const struct net_case *net, struct picture x);
void xc_make(struct dict *dict, int out, int in, const char *key);
struct picture xc_run(struct forward *f, struct picture x, const char *key);
double f_mish(double v);
struct picture f_norm(struct forward *f, struct picture x, const char *scale, const char *offset,
                      bool rms);
void spanf3_make(struct dict *dict, const struct net_case *net);
struct picture spanf3_run(struct forward *f, const struct net_case *net, struct picture x);
void artcnn_make(struct dict *dict, const struct net_case *net);
struct picture artcnn_run(struct forward *f, const struct net_case *net, struct picture x);
void realplksr_make(struct dict *dict, const struct net_case *net);
struct picture realplksr_run(struct forward *f, const struct net_case *net, struct picture x);
void plksr_make(struct dict *dict, const struct net_case *net);
struct picture plksr_run(struct forward *f, const struct net_case *net, struct picture x);
void mosr_make(struct dict *dict, const struct net_case *net);
struct picture mosr_run(struct forward *f, const struct net_case *net, struct picture x);
void mosrv2_make(struct dict *dict, const struct net_case *net);
struct picture mosrv2_run(struct forward *f, const struct net_case *net, struct picture x);
void swin_make(struct dict *dict, const struct net_case *net);
struct picture swin_run(struct forward *f, const struct net_case *net, struct picture x);

#endif
