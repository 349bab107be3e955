/* SPDX-License-Identifier: MIT */
/* Resource limits and a seccomp filter. */
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bytes of address space that are mapped now: the program, its libraries and the stack. */
static uint64_t mapped(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return (uint64_t)1 << 30;
    if (fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The hard limit, which nothing may raise, may be so much more than the one that is announced. */
static void limit(__rlimit_resource_t resource, uint64_t value, uint64_t grace)
{
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return;
    if (value + grace < now.rlim_max)
        now.rlim_max = (rlim_t)(value + grace);
    if (value < now.rlim_cur)
        now.rlim_cur = (rlim_t)value;
    setrlimit(resource, &now);
}

void unpack_limit(uint64_t bytes, uint64_t seconds)
{
    uint64_t most;
    if (!__builtin_add_overflow(bytes, mapped(), &most))
        limit(RLIMIT_AS, most, 0);
    limit(RLIMIT_CPU, seconds, 1); /* SIGXCPU comes first, which says what happened */
    limit(RLIMIT_FSIZE, 0, 0);
    limit(RLIMIT_NOFILE, 0, 0);
    limit(RLIMIT_CORE, 0, 0);
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
/* Allows a call whatever its arguments. */
#define CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), ALLOW
/* Allows it unless it makes memory executable; the third argument is the protection. */
#define CALL_NO_EXEC(name)                                                                         \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[2]),                          \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), DENY, ALLOW

static struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
    DENY,
    LOAD(nr),
    CALL(read),
    CALL(write),
    CALL(lseek),
    CALL(pread64),
    CALL(fstat),
    CALL(newfstatat), /* fstat by another name; tells no more than that a file is there */
    CALL(brk),
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(getrandom),
    CALL(clock_gettime),
    CALL(gettimeofday),
    CALL(rt_sigreturn),
    CALL(close),
    CALL(exit_group),
    CALL_NO_EXEC(mmap),
    CALL_NO_EXEC(mprotect),
    DENY,
};

void unpack_sandbox(void)
{
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

void unpack_sandbox(void)
{
}

#endif
