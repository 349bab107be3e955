/* SPDX-License-Identifier: MIT */
/* Path of the program planche-unpack. */
#ifndef PLANCHE_ARCHIVE_UNPACK_PROGRAM_H
#define PLANCHE_ARCHIVE_UNPACK_PROGRAM_H

#define PLANCHE_UNPACK_PROGRAM_BYTES 4096

/* Its path: what the environment variable PLANCHE_UNPACK says; else beside the library (or the
 * program that it is a part of), as in a build folder, or in libexec of the folders above, as
 * installed anywhere; else where this build is to be installed. It need not be there. */
void planche_unpack_program(char path[PLANCHE_UNPACK_PROGRAM_BYTES]);

#endif
