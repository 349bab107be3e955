/* SPDX-License-Identifier: MIT */
/* Paths of the library's helper programs. */
#include "io/helper_program.h"

#include "io/install_paths.h"
#include "os/dl.h"
#include "os/file_info.h"

#ifdef PLANCHE_STANDALONE
#include "os/fd.h"
#include "os/thread.h"

#include <fcntl.h>
#include <sys/mman.h>
#endif
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

#ifdef PLANCHE_STANDALONE
/* Beyond the numbers that a program inherits. */
#define LEAST_FD 64

/* A program that the library holds, from embedded_programs.c, which the build makes; the
 * list ends with no name. */
struct embedded {
    const char *name;
    const unsigned char *begin, *end;
};
extern const struct embedded planche_embedded_programs[];

static int put_in_memory(const struct embedded *program)
{
    int fd = memfd_create(program->name, MFD_CLOEXEC);
    if (fd >= 0 && !planche_fd_write(fd, program->begin, (size_t)(program->end - program->begin)))
        planche_fd_close(&fd);
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, LEAST_FD);
    planche_fd_close(&fd);
    return high;
}

/* The file is made when it is first asked for, and stays. */
static bool find_embedded(const char *name, char path[PLANCHE_HELPER_PROGRAM_BYTES])
{
    static struct planche_mutex lock = PLANCHE_MUTEX_INIT;
    static int files[8];
    int fd = -1;
    planche_mutex_lock(&lock);
    for (size_t i = 0; planche_embedded_programs[i].name; i++) {
        if (strcmp(planche_embedded_programs[i].name, name) != 0)
            continue;
        if (files[i] <= 0)
            files[i] = put_in_memory(&planche_embedded_programs[i]);
        fd = files[i];
    }
    planche_mutex_unlock(&lock);
    if (fd >= 0)
        snprintf(path, PLANCHE_HELPER_PROGRAM_BYTES, "/proc/self/fd/%d", fd);
    return fd >= 0;
}
#else
static bool find_embedded(const char *name, char path[PLANCHE_HELPER_PROGRAM_BYTES])
{
    (void)name, (void)path;
    return false;
}
#endif

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
    if (find_embedded(name, path))
        return;
    bool known =
        planche_dl_folder((planche_dl_function)planche_helper_program, folder, sizeof folder);
    for (size_t i = 0; known && i < sizeof places / sizeof places[0]; i++) {
        if (is_there(path, folder, places[i], name))
            return;
    }
    (void)is_there(path, PLANCHE_LIBEXEC_FOLDER, "", name);
}
