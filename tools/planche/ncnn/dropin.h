/* SPDX-License-Identifier: MIT */
/* Drop-in mode: the command under the names of three ncnn programs (realcugan-, realesrgan- and
 * waifu2x-ncnn-vulkan), with their options, defaults, file names and messages, for the programs and
 * scripts that call them. Only what fails exits differently: not with 0. */
#ifndef PLANCHE_CLI_NCNN_DROPIN_H
#define PLANCHE_CLI_NCNN_DROPIN_H

#include "ncnn/dropin_options.h"

/* What these programs exit with when the command line or the model does not do; also after -h. */
#define PLANCHE_CLI_DROPIN_NOT_STARTED 255

/* Runs as that program; returns the exit status. */
int planche_cli_dropin(const struct planche_cli_peer *peer, int argc, char **argv);

#endif
