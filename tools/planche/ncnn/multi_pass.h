/* SPDX-License-Identifier: MIT */
/* Multi-pass enlargement: a page through the same engine several times: waifu2x at 4x and more. */
#ifndef PLANCHE_CLI_NCNN_MULTI_PASS_H
#define PLANCHE_CLI_NCNN_MULTI_PASS_H

#include <planche/planche.h>

/* As planche_engine_run_file, but `runs` times. The image between two runs is a PNG file in a
 * hidden folder beside the output, removed afterwards, or by the next run if this one is killed.
 * One run at a time for an output. 0 runs: the output is a copy of the input, which must have the
 * output's format (ARGUMENT if not). options->format is not AUTO. */
enum planche_status planche_cli_multi_pass(const struct planche_engine *engine, unsigned runs,
                                           const char *input, const char *output,
                                           const struct planche_page_options *options,
                                           struct planche_error *error);

#endif
