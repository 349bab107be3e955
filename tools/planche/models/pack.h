/* SPDX-License-Identifier: MIT */
/* planche models pack. */
#ifndef PLANCHE_MODELS_PACK_H
#define PLANCHE_MODELS_PACK_H

/* Writes models of the cache into a tarball, with their sums. Returns an exit status. */
int planche_cli_pack(int argc, char **argv);

#endif
