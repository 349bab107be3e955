/* SPDX-License-Identifier: MIT */
/* Paths of the library's helper programs. */
#include "io/helper_program.h"

#include "io/install_paths.h"
#include "os/dl.h"
#include "os/file_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* path: as long a text as fits, or none. */
static bool is_there(char *path, const char *folder, const char *below, const char *name)
{
    int length = snprintf(path, PLANCHE_HELPER_PROGRAM_BYTES, "%s/%s%s", folder, below, name);
    return length > 0 && length < PLANCHE_HELPER_PROGRAM_BYTES &&
           planche_file_find(path, NULL) == PLANCHE_FILE_PRESENT;
}

void planche_helper_program(const char *name, const char *variable,
                            char path[PLANCHE_HELPER_PROGRAM_BYTES])
{
    /* From lib/ or bin/, and from lib/ARCHITECTURE/. */
    static const char *const places[] = {"", "../libexec/planche/", "../../libexec/planche/"};
    char folder[PLANCHE_HELPER_PROGRAM_BYTES];
    const char *named = secure_getenv(variable);
    if (named && *named && strlen(named) < PLANCHE_HELPER_PROGRAM_BYTES) {
        memcpy(path, named, strlen(named) + 1);
        return;
    }
    bool known =
        planche_dl_folder((planche_dl_function)planche_helper_program, folder, sizeof folder);
    for (size_t i = 0; known && i < sizeof places / sizeof places[0]; i++) {
        if (is_there(path, folder, places[i], name))
            return;
    }
    (void)is_there(path, PLANCHE_LIBEXEC_FOLDER, "", name);
}
