/* SPDX-License-Identifier: MIT */
/* CPU features, asked of the CPU and of the operating system directly. */
#include "os/cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#endif

#define DEFAULT_L2_BYTES ((uint64_t)512 << 10)

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* Register state that the operating system saves: bits of XCR0. */
#define XCR0_AVX    0x06u
#define XCR0_AVX512 0xe6u
#define XCR0_AMX    0x60000u
/* CPUID 7, EDX: tiles, and their products in bf16. */
#define CPUID_AMX (1u << 24 | 1u << 22)
/* CPUID 7, ECX, and CPUID 7.1, EAX: products of bytes. */
#define CPUID_AVX512VNNI (1u << 11)
#define CPUID_AVXVNNI    (1u << 4)

static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

#if defined(__linux__) && defined(__x86_64__)
/* Linux lends tiles to processes that ask for them: from its asm/prctl.h, which may be older. */
#define ARCH_GET_XCOMP_SUPP 0x1021
#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_TILES      18

static bool system_has_tiles(void)
{
    uint64_t supported = 0;
    return syscall(SYS_arch_prctl, ARCH_GET_XCOMP_SUPP, &supported) == 0 &&
           supported >> XFEATURE_TILES & 1;
}

static bool request_tiles(void)
{
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILES) == 0;
}
#else
static bool system_has_tiles(void)
{
    return false;
}
#endif

uint32_t planche_cpu_detect(void)
{
    uint32_t eax, ebx, ecx, edx, features = PLANCHE_CPU_PORTABLE;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE) || !(ecx & bit_AVX))
        return features;
    bool fma = ecx & bit_FMA;
    uint64_t saved = read_xcr0();
    if (!fma || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return features;
    if ((ebx & bit_AVX2) && (saved & XCR0_AVX) == XCR0_AVX)
        features |= PLANCHE_CPU_AVX2;
    const uint32_t avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    if ((features & PLANCHE_CPU_AVX2) && (ebx & avx512) == avx512 &&
        (saved & XCR0_AVX512) == XCR0_AVX512)
        features |= PLANCHE_CPU_AVX512;
    const bool tiles = (edx & CPUID_AMX) == CPUID_AMX && (saved & XCR0_AMX) == XCR0_AMX;
    if ((features & PLANCHE_CPU_AVX512) && (ecx & CPUID_AVX512VNNI))
        features |= PLANCHE_CPU_AVX512VNNI;
    if (!__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx))
        return features;
    if ((features & PLANCHE_CPU_AVX2) && (eax & CPUID_AVXVNNI))
        features |= PLANCHE_CPU_AVXVNNI;
    if ((features & PLANCHE_CPU_AVX512) && (eax & bit_AVX512BF16))
        features |= PLANCHE_CPU_AVX512BF16;
    if ((features & PLANCHE_CPU_AVX512BF16) && tiles && system_has_tiles())
        features |= PLANCHE_CPU_AMX;
    return features;
}
#elif defined(__aarch64__)
uint32_t planche_cpu_detect(void)
{
    return PLANCHE_CPU_PORTABLE | PLANCHE_CPU_NEON; /* part of the architecture */
}
#else
uint32_t planche_cpu_detect(void)
{
    return PLANCHE_CPU_PORTABLE;
}
#endif

uint32_t planche_cpu_permit(uint32_t features)
{
#if defined(__linux__) && defined(__x86_64__)
    if (features & PLANCHE_CPU_AMX && request_tiles())
        return features;
#endif
    return features & ~PLANCHE_CPU_AMX;
}

/* The bit that hypervisors set in CPUID 1, ECX; other CPUs have none. */
bool planche_cpu_is_virtual(void)
{
#if defined(__x86_64__) || defined(__i386__)
    uint32_t eax, ebx, ecx, edx;
    return !__get_cpuid(1, &eax, &ebx, &ecx, &edx) || ecx >> 31 & 1;
#else
    return true;
#endif
}

/* What a mask allows: 0 everything, and what a feature implies with it. */
static uint32_t allowed(uint32_t mask)
{
    if (mask == 0)
        return UINT32_MAX;
    if (mask & PLANCHE_CPU_AMX)
        mask |= PLANCHE_CPU_AVX512BF16;
    if (mask & (PLANCHE_CPU_AVX512BF16 | PLANCHE_CPU_AVX512VNNI))
        mask |= PLANCHE_CPU_AVX512;
    return mask & (PLANCHE_CPU_AVX512 | PLANCHE_CPU_AVXVNNI) ? mask | PLANCHE_CPU_AVX2 : mask;
}

uint32_t planche_cpu_select(uint32_t mask)
{
    const char *text = getenv("PLANCHE_CPU_MASK");
    uint32_t environment = text ? (uint32_t)strtoul(text, NULL, 0) : 0;
    return (planche_cpu_detect() & allowed(mask) & allowed(environment)) | PLANCHE_CPU_PORTABLE;
}

const char *planche_cpu_isa_name(uint32_t features)
{
    if (features & PLANCHE_CPU_AMX)
        return "amx";
    if (features & PLANCHE_CPU_AVX512)
        return "avx512";
    if (features & PLANCHE_CPU_AVX2)
        return "avx2";
    return features & PLANCHE_CPU_NEON ? "neon" : "portable";
}

/* The size that the kernel reports ("1024K"); 0: none. */
static uint64_t sysfs_l2_bytes(void)
{
    FILE *stream = fopen("/sys/devices/system/cpu/cpu0/cache/index2/size", "re");
    if (!stream)
        return 0;
    unsigned long kilobytes = 0;
    char unit = 0;
    int fields = fscanf(stream, "%lu%c", &kilobytes, &unit);
    fclose(stream);
    return fields == 2 && unit == 'K' ? (uint64_t)kilobytes << 10 : 0;
}

uint64_t planche_cpu_l2_bytes(void)
{
    long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    uint64_t size = bytes > 0 ? (uint64_t)bytes : sysfs_l2_bytes();
    return size > 0 ? size : DEFAULT_L2_BYTES;
}
