/* SPDX-License-Identifier: MIT */
/* Paths of the library's helper programs. */
#ifndef PLANCHE_IO_HELPER_PROGRAM_H
#define PLANCHE_IO_HELPER_PROGRAM_H

#define PLANCHE_HELPER_PROGRAM_BYTES 4096

/* The path of a program, planche-unpack for instance: what the environment variable says; else
 * beside the library (or the program that it is a part of), as in a build folder, or in libexec of
 * the folders above, as installed anywhere; else where this build is to be installed. It need not
 * be there. In a standalone build the programs are part of the library, as bytes: the path is that
 * of a file in memory. */
void planche_helper_program(const char *name, const char *variable,
                            char path[PLANCHE_HELPER_PROGRAM_BYTES]);

#endif
