/* SPDX-License-Identifier: MIT */
/* Path of the program planche-unpack. */
#include "archive/unpack_program.h"

#include "archive/install_paths.h"
#include "archive/unpack_protocol.h"
#include "os/dl.h"
#include "os/file_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* path: as long a text as fits, or none. */
static bool is_there(char *path, const char *folder, const char *below)
{
    int length =
        snprintf(path, PLANCHE_UNPACK_PROGRAM_BYTES, "%s/%s" PLANCHE_UNPACK_PROGRAM, folder, below);
    return length > 0 && length < PLANCHE_UNPACK_PROGRAM_BYTES &&
           planche_file_find(path, NULL) == PLANCHE_FILE_PRESENT;
}

void planche_unpack_program(char path[PLANCHE_UNPACK_PROGRAM_BYTES])
{
    /* From lib/ or bin/, and from lib/ARCHITECTURE/. */
    static const char *const places[] = {"", "../libexec/planche/", "../../libexec/planche/"};
    char folder[PLANCHE_UNPACK_PROGRAM_BYTES];
    const char *named = secure_getenv("PLANCHE_UNPACK");
    if (named && *named && strlen(named) < PLANCHE_UNPACK_PROGRAM_BYTES) {
        memcpy(path, named, strlen(named) + 1);
        return;
    }
    bool known =
        planche_dl_folder((planche_dl_function)planche_unpack_program, folder, sizeof folder);
    for (size_t i = 0; known && i < sizeof places / sizeof places[0]; i++) {
        if (is_there(path, folder, places[i]))
            return;
    }
    (void)is_there(path, PLANCHE_LIBEXEC_FOLDER, "");
}
