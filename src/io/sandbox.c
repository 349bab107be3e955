/* SPDX-License-Identifier: MIT */
/* Sandbox of a child process: Landlock rules and seccomp filters. */
#include "io/sandbox.h"

#include "io/unsanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#endif

/* Of linux/landlock.h, which may be older than the kernel, or absent. */
#define ACCESS_EXECUTE      (UINT64_C(1) << 0)
#define ACCESS_WRITE_FILE   (UINT64_C(1) << 1)
#define ACCESS_READ_FILE    (UINT64_C(1) << 2)
#define ACCESS_READ_FOLDER  (UINT64_C(1) << 3)
#define ACCESS_REMOVE_FIRST (UINT64_C(1) << 4)  /* with all between, what removes and makes */
#define ACCESS_MAKE_LAST    (UINT64_C(1) << 12) /* names of every kind */
#define ACCESS_REFER        (UINT64_C(1) << 13) /* version 2 */
#define ACCESS_TRUNCATE     (UINT64_C(1) << 14) /* version 3 */
#define ASK_VERSION         1u
#define RULE_BENEATH        1

#define ACCESS_CHANGE (ACCESS_WRITE_FILE | (2 * ACCESS_MAKE_LAST - ACCESS_REMOVE_FIRST))
#define ACCESS_READ   (ACCESS_EXECUTE | ACCESS_READ_FILE | ACCESS_READ_FOLDER)

struct ruleset {
    uint64_t handled; /* what is forbidden but where a rule allows it */
};

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

#ifdef SYS_landlock_create_ruleset
static long landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
}

static int create_rules(uint64_t handled)
{
    const struct ruleset rules = {handled};
    return (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
}

/* A path that is not there needs no rule. */
static void allow(int rules, const char *path, uint64_t access)
{
    struct stat info;
    struct beneath rule = {.parent = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0)
        return;
    /* Rules for files may not speak of folders. */
    if (fstat(rule.parent, &info) == 0 && !S_ISDIR(info.st_mode))
        access &= ~ACCESS_READ_FOLDER;
    rule.allowed = access;
    (void)syscall(SYS_landlock_add_rule, rules, RULE_BENEATH, &rule, 0);
    close(rule.parent);
}

PLANCHE_UNSANITIZED static bool enter_rules(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}
#else
static long landlock_version(void)
{
    return 0;
}

static int create_rules(uint64_t handled)
{
    (void)handled;
    return -1;
}

static void allow(int rules, const char *path, uint64_t access)
{
    (void)rules;
    (void)path;
    (void)access;
}

PLANCHE_UNSANITIZED static bool enter_rules(int rules)
{
    (void)rules;
    return false;
}
#endif

bool planche_sandbox_has_files(void)
{
    return landlock_version() > 0;
}

/* Everything that changes files or their names, as far as this version knows it. */
static uint64_t all_changes(long version)
{
    return ACCESS_CHANGE | (version >= 2 ? ACCESS_REFER : 0) | (version >= 3 ? ACCESS_TRUNCATE : 0);
}

bool planche_sandbox_seal_files(void)
{
    const long version = landlock_version();
    int rules = version > 0 ? create_rules(all_changes(version) | ACCESS_READ) : -1;
    if (rules < 0)
        return false;
#ifdef __linux__
    bool sealed = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && enter_rules(rules);
#else
    bool sealed = false;
#endif
    close(rules);
    return sealed;
}

int planche_sandbox_rules(const char *program, const char *const *readable)
{
    long version = landlock_version();
    if (version <= 0)
        return -1;
    uint64_t write = ACCESS_WRITE_FILE | (version >= 3 ? ACCESS_TRUNCATE : 0);
    int rules = create_rules(all_changes(version) | (readable ? ACCESS_READ : 0));
    if (rules < 0)
        return -1;
    allow(rules, "/dev/null", write | (readable ? ACCESS_READ_FILE : 0));
    if (readable)
        allow(rules, program, ACCESS_READ);
    for (; readable && *readable; readable++)
        allow(rules, *readable, ACCESS_READ);
    return rules;
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#if defined(__linux__) && defined(ARCHITECTURE) && defined(SYS_seccomp)
#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* The next instruction is only for system calls of this number. */
#define IF_CALL(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1)

/* x32's calls have other numbers under the same architecture. */
#define FIRST_FOREIGN_CALL 0x40000000u

/* Begins a filter: the number of the system call is loaded. */
#define FILTER_HEAD                                                                                \
    LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0), REFUSE, LOAD(nr)

static const struct sock_filter no_sockets[] = {
    FILTER_HEAD,
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_FOREIGN_CALL, 0, 1),
    REFUSE,
    IF_CALL(SYS_socket),
    REFUSE,
#ifdef SYS_io_uring_setup
    IF_CALL(SYS_io_uring_setup), /* which makes sockets, too */
    REFUSE,
#endif
    ALLOW,
};

bool planche_sandbox_has_network(void)
{
    const uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

PLANCHE_UNSANITIZED static bool enter_filter(const struct sock_filter *filter, size_t length)
{
    const struct sock_fprog program = {.len = (unsigned short)length,
                                       .filter = (struct sock_filter *)(uintptr_t)filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

PLANCHE_UNSANITIZED static void enter_no_sockets(void)
{
    (void)enter_filter(no_sockets, sizeof no_sockets / sizeof *no_sockets);
}

/* Allows a call whatever its arguments. */
#define CALL(name) IF_CALL(SYS_##name), ALLOW
/* Allows it unless its argument of that number has one of these bits; or only if it has. */
#define CALL_WITHOUT(name, number, bits)                                                           \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[number]),                     \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1), REFUSE, ALLOW
#define CALL_WITH(name, number, bits)                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[number]),                     \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0), REFUSE, ALLOW

#define READ_AND_ALLOCATE                                                                          \
    CALL(read), CALL(write), CALL(lseek), CALL(pread64), CALL(fstat),                              \
        CALL(newfstatat), /* fstat by another name; tells no more than that a file is there */     \
        CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(getrandom),                     \
        CALL(clock_gettime), CALL(gettimeofday), CALL(rt_sigreturn), CALL(close),                  \
        CALL(exit_group), CALL_WITHOUT(mmap, 2, PROT_EXEC), CALL_WITHOUT(mprotect, 2, PROT_EXEC)

static const struct sock_filter confined[] = {FILTER_HEAD, READ_AND_ALLOCATE, REFUSE};

static const struct sock_filter confined_with_threads[] = {
    FILTER_HEAD,
    READ_AND_ALLOCATE,
    CALL(futex),
    CALL(set_robust_list),
#ifdef SYS_rseq
    CALL(rseq),
#endif
    CALL(rt_sigprocmask),
    CALL(sched_yield),
    CALL(sched_getaffinity),
    CALL(exit),
#ifdef SYS_clone3
    /* Its flags are in memory, where no filter sees them: the C library tries clone then. */
    IF_CALL(SYS_clone3),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
#endif
    CALL_WITH(clone, 0, CLONE_THREAD),
    REFUSE,
};

bool planche_sandbox_confine(bool threads)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    return threads ? enter_filter(confined_with_threads,
                                  sizeof confined_with_threads / sizeof *confined)
                   : enter_filter(confined, sizeof confined / sizeof *confined);
}
#else
bool planche_sandbox_has_network(void)
{
    return false;
}

PLANCHE_UNSANITIZED static void enter_no_sockets(void)
{
}

bool planche_sandbox_confine(bool threads)
{
    (void)threads;
    return false;
}
#endif

PLANCHE_UNSANITIZED void planche_sandbox_enter(int rules, bool no_network)
{
    if (rules < 0 && !no_network)
        return;
#ifdef __linux__
    /* Without it neither may be set by who is not root, and setuid programs would shed both. */
    if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return;
#endif
    if (rules >= 0)
        (void)enter_rules(rules);
    if (no_network)
        enter_no_sockets();
}
