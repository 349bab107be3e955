/* SPDX-License-Identifier: MIT */
/* What planche bench measured of one model, and how it is shown. */
#ifndef PLANCHE_CLI_BENCH_REPORT_H
#define PLANCHE_CLI_BENCH_REPORT_H

#include <planche/planche.h>
#include <stdbool.h>

struct planche_cli_bench_report {
    struct planche_engine_info info;
    enum planche_se se;
    bool has_level;
    int level; /* of noise removal, in the model's own numbers */
    uint32_t width, height;
    double start_ms; /* loading and preparing the model */
    double *ms;      /* of each run, ascending */
    unsigned runs;
    double gpu_ms;                        /* of the run in which it was least; 0: a CPU */
    double peak_before, peak_after;       /* GFLOP/s; 0: not known */
    uint64_t peak_bytes, rss_bytes;       /* of the budget; of the process */
    uint64_t page_bytes;                  /* of rss_bytes: the page and its enlargement as pixels */
    struct planche_layer_profile *layers; /* of all runs together */
    size_t layer_count;
};

void planche_cli_bench_report_print_heading(void);
void planche_cli_bench_report_print(const struct planche_cli_bench_report *measurement);
bool planche_cli_bench_report_print_json(const struct planche_cli_bench_report *measurement);

#endif
