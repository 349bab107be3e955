/* SPDX-License-Identifier: MIT */
/* Benchmark report: the measurements of one model, as a line of a table or of JSON. */
#ifndef PLANCHE_CLI_BENCH_REPORT_H
#define PLANCHE_CLI_BENCH_REPORT_H

#include <planche/planche.h>
#include <stdbool.h>

/* Measurements of one model; the arrays belong to the caller. */
struct planche_cli_bench_report {
    struct planche_engine_info info;
    enum planche_se se;
    bool has_level;
    double level; /* of noise removal, in the model's own numbers */
    uint32_t width, height;
    double start_ms; /* loading and preparing the model */
    double *ms;      /* of each run, ascending */
    unsigned runs;
    double gpu_ms;                        /* minimum over the runs; 0: a CPU */
    double peak_before, peak_after;       /* GFLOP/s; 0: not known */
    uint64_t peak_bytes, rss_bytes;       /* of the budget; of the process */
    uint64_t page_bytes;                  /* of rss_bytes: the page and its enlargement as pixels */
    struct planche_layer_profile *layers; /* of all runs together */
    size_t layer_count;
};

/* All print on stdout. */
void planche_cli_bench_report_print_heading(void);
void planche_cli_bench_report_print(const struct planche_cli_bench_report *report);
/* False: stdout failed, or no memory. */
bool planche_cli_bench_report_print_json(const struct planche_cli_bench_report *report);

/* The same of one way in which a GPU computes; the report's own may be another, which the device
 * took instead. */
void planche_cli_bench_path_print_heading(void);
void planche_cli_bench_path_print(const struct planche_cli_bench_report *report,
                                  enum planche_gpu_path path);
/* Of a way that it cannot take. */
bool planche_cli_bench_path_print_lack(const char *model, enum planche_gpu_path path,
                                       const char *reason, bool json);

#endif
