/* SPDX-License-Identifier: MIT */
/* Fault injection into calls of the C library, by LD_PRELOAD: for test_faults.py.
 *
 * PLANCHE_FAULT=CALL:N:ERRNO:MODE lets the N-th call of a kind fail. MODE is once; sticky (all that
 * follow too); short (a read or write moves half of its bytes); lie (a write moves half of its
 * bytes and says it moved all); kill (the process is killed there). CALL "all" counts every kind.
 * PLANCHE_FAULT_COUNTS=FILE: how often each kind was called, written at exit.
 * PLANCHE_FAULT_PROGRAM=NAME: only in the program of that name, not in those that it starts.
 * PLANCHE_FAULT_SPARE=NAME,..: allocations of libraries whose file names begin so are left alone.
 */
/* Else open is another name of open64 here, and programs may call either. */
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define KINDS(X)                                                                                   \
    X(open)                                                                                        \
    X(read)                                                                                        \
    X(pread)                                                                                       \
    X(write)                                                                                       \
    X(pwrite)                                                                                      \
    X(fsync)                                                                                       \
    X(rename)                                                                                      \
    X(link)                                                                                        \
    X(unlink)                                                                                      \
    X(rmdir)                                                                                       \
    X(mkdir)                                                                                       \
    X(close)                                                                                       \
    X(lseek)                                                                                       \
    X(stat)                                                                                        \
    X(fstat)                                                                                       \
    X(fcntl)                                                                                       \
    X(flock)                                                                                       \
    X(opendir)                                                                                     \
    X(readdir)                                                                                     \
    X(utime)                                                                                       \
    X(mmap)                                                                                        \
    X(thread)                                                                                      \
    X(pipe)                                                                                        \
    X(spawn)                                                                                       \
    X(random)                                                                                      \
    X(malloc)

#define NUMBER(name) KIND_##name,
#define NAME(name)   #name,
enum kind { KINDS(NUMBER) KIND_COUNT, KIND_ALL };
static const char *const names[] = {KINDS(NAME)};
enum mode { ONCE, STICKY, SHORT, LIE, KILL };
static const char *const modes[] = {"once", "sticky", "short", "lie", "kill"};

#define MAX_SPARED 64
static struct {
    uintptr_t begin, end;
} spared[MAX_SPARED];
static unsigned spared_count;
static char spare_names[256];

static bool ready;
static unsigned chosen = KIND_ALL + 1;
static long fail_at;
static int fail_errno;
static enum mode mode;
static atomic_long counts[KIND_COUNT], all;

/* Libraries start while they are loaded, as they do before the program itself begins. */
static _Thread_local bool loading;

static bool is_noted(uintptr_t begin)
{
    for (unsigned i = 0; i < spared_count; i++)
        if (spared[i].begin == begin)
            return true;
    return false;
}

static int note_library(struct dl_phdr_info *info, size_t size, void *user)
{
    const char *slash = strrchr(info->dlpi_name, '/'), *base = slash ? slash + 1 : info->dlpi_name;
    (void)size;
    (void)user;
    for (const char *name = spare_names; *name && *base; name += strcspn(name, ",")) {
        name += *name == ',';
        size_t length = strcspn(name, ",");
        if (length == 0 || strncmp(base, name, length) != 0)
            continue;
        for (int i = 0; i < info->dlpi_phnum && spared_count < MAX_SPARED; i++) {
            const ElfW(Phdr) *part = &info->dlpi_phdr[i];
            uintptr_t begin = info->dlpi_addr + part->p_vaddr;
            if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || is_noted(begin))
                continue;
            spared[spared_count].begin = begin;
            spared[spared_count].end = begin + part->p_memsz;
            spared_count++;
        }
    }
    return 0;
}

static void choose(const char *fault)
{
    char call[16] = "", how[16] = "";
    if (sscanf(fault, "%15[^:]:%ld:%d:%15s", call, &fail_at, &fail_errno, how) != 4)
        abort();
    chosen = strcmp(call, "all") == 0 ? KIND_ALL : KIND_COUNT;
    for (unsigned i = 0; i < KIND_COUNT; i++)
        if (strcmp(call, names[i]) == 0)
            chosen = i;
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(how, modes[i]) == 0)
            mode = i;
    if (chosen == KIND_COUNT)
        abort();
}

__attribute__((constructor)) static void start(void)
{
    const char *fault = getenv("PLANCHE_FAULT"), *program = getenv("PLANCHE_FAULT_PROGRAM");
    const char *spare = getenv("PLANCHE_FAULT_SPARE");
    if (program && strcmp(program, program_invocation_short_name) != 0)
        return;
    if (spare) {
        snprintf(spare_names, sizeof spare_names, "%s", spare);
        dl_iterate_phdr(note_library, NULL);
    }
    if (fault)
        choose(fault);
    ready = true;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("PLANCHE_FAULT_COUNTS");
    if (!ready || !path)
        return;
    ready = false;
    FILE *file = fopen(path, "w");
    for (unsigned i = 0; file && i < KIND_COUNT; i++)
        fprintf(file, "%s %ld\n", names[i], atomic_load(&counts[i]));
    if (!file || fprintf(file, "all %ld\n", atomic_load(&all)) < 0 || fclose(file) != 0)
        abort();
}

/* Counts a call. True: it is one that fails. */
static bool hit(enum kind kind)
{
    if (!ready)
        return false;
    long of_kind = atomic_fetch_add(&counts[kind], 1) + 1, of_all = atomic_fetch_add(&all, 1) + 1;
    long n = chosen == KIND_ALL ? of_all : of_kind;
    if (chosen != KIND_ALL && chosen != kind)
        return false;
    if (n != fail_at && !(mode == STICKY && n > fail_at))
        return false;
    if (mode == KILL)
        kill(getpid(), SIGKILL);
    errno = fail_errno;
    return true;
}

#define REAL(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (!real)                                                                                     \
    real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define WRAP(kind, type, bad, name, parameters, arguments)                                         \
    type name parameters                                                                           \
    {                                                                                              \
        REAL(name);                                                                                \
        return hit(KIND_##kind) ? (bad) : real arguments;                                          \
    }

/* Calls that return what went wrong. */
#define WRAP_CODE(kind, name, parameters, arguments)                                               \
    int name parameters                                                                            \
    {                                                                                              \
        REAL(name);                                                                                \
        return hit(KIND_##kind) ? fail_errno : real arguments;                                     \
    }

/* Calls that move bytes. */
#define WRAP_MOVE(kind, name, parameters, arguments)                                               \
    ssize_t name parameters                                                                        \
    {                                                                                              \
        REAL(name);                                                                                \
        if (!hit(KIND_##kind))                                                                     \
            return real arguments;                                                                 \
        if (mode != SHORT && mode != LIE)                                                          \
            return -1;                                                                             \
        size_t whole = size;                                                                       \
        size = size > 1 ? size / 2 : size;                                                         \
        ssize_t moved = real arguments;                                                            \
        return mode == LIE && moved >= 0 ? (ssize_t)whole : moved;                                 \
    }

static mode_t mode_of(int flags, va_list more)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define WRAP_OPEN(name, before, ...)                                                               \
    int name before                                                                                \
    {                                                                                              \
        va_list more;                                                                              \
        REAL(name);                                                                                \
        va_start(more, flags);                                                                     \
        mode_t bits = mode_of(flags, more);                                                        \
        va_end(more);                                                                              \
        return hit(KIND_open) ? -1 : real(__VA_ARGS__, bits);                                      \
    }

WRAP_OPEN(open, (const char *path, int flags, ...), path, flags)
WRAP_OPEN(open64, (const char *path, int flags, ...), path, flags)
WRAP_OPEN(openat, (int folder, const char *path, int flags, ...), folder, path, flags)
WRAP_OPEN(openat64, (int folder, const char *path, int flags, ...), folder, path, flags)
WRAP(open, FILE *, NULL, fopen, (const char *path, const char *how), (path, how))
WRAP(open, FILE *, NULL, fopen64, (const char *path, const char *how), (path, how))
WRAP_MOVE(read, read, (int fd, void *data, size_t size), (fd, data, size))
WRAP_MOVE(pread, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
WRAP_MOVE(pread, pread64, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))
WRAP_MOVE(write, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP_MOVE(pwrite, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
WRAP_MOVE(pwrite, pwrite64, (int fd, const void *data, size_t size, off64_t at),
          (fd, data, size, at))
WRAP(fsync, int, -1, fsync, (int fd), (fd))
WRAP(fsync, int, -1, fdatasync, (int fd), (fd))
WRAP(fsync, int, -1, syncfs, (int fd), (fd))
WRAP(rename, int, -1, rename, (const char *from, const char *to), (from, to))
WRAP(rename, int, -1, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
WRAP(rename, int, -1, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     (a, from, b, to, flags))
WRAP(link, int, -1, link, (const char *from, const char *to), (from, to))
WRAP(unlink, int, -1, unlink, (const char *path), (path))
WRAP(unlink, int, -1, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
WRAP(unlink, int, -1, remove, (const char *path), (path))
WRAP(rmdir, int, -1, rmdir, (const char *path), (path))
WRAP(mkdir, int, -1, mkdir, (const char *path, mode_t bits), (path, bits))
WRAP(mkdir, int, -1, mkdirat, (int folder, const char *path, mode_t bits), (folder, path, bits))
WRAP(lseek, off_t, -1, lseek, (int fd, off_t at, int from), (fd, at, from))
WRAP(lseek, off64_t, -1, lseek64, (int fd, off64_t at, int from), (fd, at, from))
WRAP(stat, int, -1, stat, (const char *path, struct stat *info), (path, info))
WRAP(stat, int, -1, stat64, (const char *path, struct stat64 *info), (path, info))
WRAP(stat, int, -1, lstat, (const char *path, struct stat *info), (path, info))
WRAP(stat, int, -1, lstat64, (const char *path, struct stat64 *info), (path, info))
WRAP(stat, int, -1, fstatat, (int folder, const char *path, struct stat *info, int flags),
     (folder, path, info, flags))
WRAP(stat, int, -1, fstatat64, (int folder, const char *path, struct stat64 *info, int flags),
     (folder, path, info, flags))
WRAP(stat, int, -1, access, (const char *path, int how), (path, how))
WRAP(stat, char *, NULL, realpath, (const char *path, char *out), (path, out))
WRAP(fstat, int, -1, fstat, (int fd, struct stat *info), (fd, info))
WRAP(fstat, int, -1, fstat64, (int fd, struct stat64 *info), (fd, info))
WRAP(flock, int, -1, flock, (int fd, int how), (fd, how))
WRAP(opendir, DIR *, NULL, opendir, (const char *path), (path))
WRAP(opendir, DIR *, NULL, fdopendir, (int fd), (fd))
WRAP(readdir, struct dirent *, NULL, readdir, (DIR * folder), (folder))
WRAP(readdir, struct dirent64 *, NULL, readdir64, (DIR * folder), (folder))
WRAP(utime, int, -1, futimens, (int fd, const struct timespec times[2]), (fd, times))
WRAP(mmap, void *, MAP_FAILED, mmap,
     (void *at, size_t size, int access, int flags, int fd, off_t from),
     (at, size, access, flags, fd, from))
WRAP(mmap, void *, MAP_FAILED, mmap64,
     (void *at, size_t size, int access, int flags, int fd, off64_t from),
     (at, size, access, flags, fd, from))
WRAP(pipe, int, -1, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(random, ssize_t, -1, getrandom, (void *data, size_t size, unsigned flags), (data, size, flags))
WRAP_CODE(thread, pthread_create,
          (pthread_t * thread, const pthread_attr_t *how, void *(*run)(void *), void *user),
          (thread, how, run, user))
WRAP_CODE(spawn, posix_spawn,
          (pid_t * child, const char *path, const posix_spawn_file_actions_t *actions,
           const posix_spawnattr_t *how, char *const *arguments, char *const *variables),
          (child, path, actions, how, arguments, variables))
WRAP_CODE(spawn, posix_spawnp,
          (pid_t * child, const char *path, const posix_spawn_file_actions_t *actions,
           const posix_spawnattr_t *how, char *const *arguments, char *const *variables),
          (child, path, actions, how, arguments, variables))
WRAP(spawn, pid_t, -1, fork, (void), ())

void *dlopen(const char *name, int flags)
{
    REAL(dlopen);
    loading = true;
    void *library = real(name, flags);
    dl_iterate_phdr(note_library, NULL);
    loading = false;
    return library;
}

/* Closed all the same, as Linux does. */
int close(int fd)
{
    REAL(close);
    bool fails = hit(KIND_close);
    int result = real(fd);
    if (!fails)
        return result;
    errno = fail_errno;
    return -1;
}

int fcntl(int fd, int command, ...)
{
    va_list more;
    REAL(fcntl);
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    return hit(KIND_fcntl) ? -1 : real(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    va_list more;
    REAL(fcntl64);
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    return hit(KIND_fcntl) ? -1 : real(fd, command, argument);
}

/* The allocator has other names, since dlsym itself allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool allocation_fails(const void *caller)
{
    uintptr_t address = (uintptr_t)caller;
    if (loading)
        return false;
    for (unsigned i = 0; i < spared_count; i++)
        if (address >= spared[i].begin && address < spared[i].end)
            return false;
    if (!hit(KIND_malloc))
        return false;
    errno = ENOMEM;
    return true;
}
#define FAILS allocation_fails(__builtin_return_address(0))

void *malloc(size_t size)
{
    return FAILS ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return FAILS ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return FAILS ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return FAILS ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (FAILS)
        return ENOMEM;
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}
