/* SPDX-License-Identifier: MIT */
/* Functions of the C library, in the versions that glibc 2.28 has: the newer ones of 2.29 do not
 * set errno, and are the same otherwise. scripts/static.sh links with --wrap. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__x86_64__)
#define BASE "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define BASE "GLIBC_2.17"
#endif

#define ONE(name)                                                                                  \
    double old_##name(double);                                                                     \
    double __wrap_##name(double);                                                                  \
    __asm__(".symver old_" #name "," #name "@" BASE);                                              \
    double __wrap_##name(double x)                                                                 \
    {                                                                                              \
        return old_##name(x);                                                                      \
    }

ONE(exp)
ONE(log)
ONE(log2)

double old_pow(double, double);
double __wrap_pow(double, double);
__asm__(".symver old_pow,pow@" BASE);
double __wrap_pow(double x, double y)
{
    return old_pow(x, y);
}

/* Asked by the C++ library whether it may do without atomic operations: never. */
extern char __libc_single_threaded;
char __libc_single_threaded = 0;

/* How the compiler's library finds the tables of exceptions since glibc 2.35, done the older way.
 */
struct search {
    uintptr_t address;
    struct dl_find_object *found;
};

static int look(struct dl_phdr_info *object, size_t size, void *user)
{
    struct search *search = user;
    const ElfW(Phdr) *holds = 0, *tables = 0;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t start = object->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && search->address >= start &&
            search->address - start < part->p_memsz)
            holds = part;
        if (part->p_type == PT_GNU_EH_FRAME)
            tables = part;
    }
    if (!holds || !tables)
        return 0;
    search->found->dlfo_map_start = (void *)(object->dlpi_addr + holds->p_vaddr);
    search->found->dlfo_map_end = (char *)search->found->dlfo_map_start + holds->p_memsz;
    search->found->dlfo_eh_frame = (void *)(object->dlpi_addr + tables->p_vaddr);
    return 1;
}

int _dl_find_object(void *address, struct dl_find_object *result)
{
    struct search search = {(uintptr_t)address, result};
    memset(result, 0, sizeof *result);
    return dl_iterate_phdr(look, &search) ? 0 : -1;
}

/* glibc 2.36 has it. */
int pidfd_open(pid_t process, unsigned flags);
int pidfd_open(pid_t process, unsigned flags)
{
    return (int)syscall(SYS_pidfd_open, process, flags);
}
