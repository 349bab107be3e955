/* SPDX-License-Identifier: MIT */
/* Test page of planche bench: a synthetic scan of a comic page, the same on every machine. */
#ifndef PLANCHE_CLI_BENCH_TESTPAGE_H
#define PLANCHE_CLI_BENCH_TESTPAGE_H

#include <stdint.h>

/* Draws margins, gutters and six panels (flat colour, screentone, gradient, lettering, grain,
 * hatching) into width * height * 3 bytes of RGB. */
void planche_cli_testpage_draw(uint8_t *rgb, uint32_t width, uint32_t height);

#endif
