/* SPDX-License-Identifier: MIT */
/* planche doctor: CPU and memory. */
#include "doctor/checks.h"

#include "cli/build_facts.h"
#include "cli/number.h"
#include "os/cgroup.h"
#include "os/system.h"

#include <planche/planche.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* Less than this holds the default model and a page of a book, but not much beside. */
#define LITTLE_MEMORY ((uint64_t)512 << 20)

static bool is_x86(void)
{
#if defined(__x86_64__)
    return true;
#else
    return false;
#endif
}

static void check_kernels(struct planche_doctor_findings *findings,
                          const struct planche_cli_options *options)
{
    char name[128], features[128];
    uint32_t all = planche_cpu_features(), mask = options->engine.cpu_mask;
    uint32_t used = mask != 0 ? all & (mask | PLANCHE_CPU_PORTABLE) : all;
    bool slow = is_x86() && !(used & PLANCHE_CPU_AVX2);
    const char *remedy = "";
    if (slow && (all & PLANCHE_CPU_AVX2))
        remedy = "leave --cpu-mask out, to use all that the CPU has";
    else if (slow)
        remedy = "AVX2 makes pages several times faster; in a virtual machine, let it have the CPU "
                 "of its host";
    planche_cli_cpu_name(name, sizeof name);
    planche_doctor_add(findings, slow ? PLANCHE_DOCTOR_NOTE : PLANCHE_DOCTOR_OK, "CPU", remedy,
                       "%s: %s; kernels: %s", name,
                       planche_cli_feature_list(used, features, sizeof features),
                       planche_cli_best_feature(used));
}

void planche_doctor_check_cpu(struct planche_doctor_findings *findings,
                              const struct planche_cli_options *options)
{
    unsigned usable = planche_system_cpus();
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    double quota = planche_cgroup_cpus("");
    check_kernels(findings, options);
    if (options->engine.threads > 0)
        usable = options->engine.threads;
    if (online > 0 && usable > (unsigned long)online)
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "threads",
                           "leave --threads out: more threads than CPUs make pages slower",
                           "%u for %ld CPUs", usable, online);
    else if (quota > 0 && quota < (double)online)
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "threads", "",
                           "%u; the control group allows %.1f of %ld CPUs", usable, quota, online);
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "threads", "", "%u for %ld CPUs", usable,
                           online);
}

void planche_doctor_check_memory(struct planche_doctor_findings *findings,
                                 const struct planche_cli_options *options)
{
    char machine[32], group[32], most[32], limits[96] = "";
    uint64_t all = planche_system_physical_memory();
    uint64_t usable = planche_system_memory(), limit = planche_cgroup_memory("");
    uint64_t budget = options->engine.memory;
    if (budget == 0)
        planche_engine_defaults(&budget, NULL);
    if (limit < all)
        snprintf(limits, sizeof limits, ", of which the control group allows %s",
                 planche_cli_format_bytes(limit, group, sizeof group));
    const char *remedy = "";
    if (budget > usable)
        remedy = "give --memory less than there is, or nothing: the process may be killed";
    else if (usable < LITTLE_MEMORY)
        remedy = "if a page does not fit, it says which --memory would do; raise the limit then";
    planche_doctor_add(findings, *remedy ? PLANCHE_DOCTOR_NOTE : PLANCHE_DOCTOR_OK, "memory",
                       remedy, "%s%s; budget %s at most",
                       planche_cli_format_bytes(all, machine, sizeof machine), limits,
                       planche_cli_format_bytes(budget, most, sizeof most));
    if (planche_system_limits_memory())
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "ulimit",
                           "run ulimit -v unlimited, and limit the memory with --memory instead",
                           "the address space of this process is limited; helper programs and "
                           "drivers may fail to start");
}
