/* SPDX-License-Identifier: MIT */
/* What planche doctor looks at. Each adds findings and changes nothing on the
 * machine; an engine on a GPU saves its pipeline cache as ever. */
#ifndef PLANCHE_DOCTOR_CHECKS_H
#define PLANCHE_DOCTOR_CHECKS_H

#include "cli/options.h"
#include "doctor/findings.h"

/* The CPU, its instruction sets and the kernels that follow; the number of threads. */
void planche_doctor_check_cpu(struct planche_doctor_findings *findings,
                              const struct planche_cli_options *options);
/* The memory, what a control group or ulimit leaves of it, the budget. */
void planche_doctor_check_memory(struct planche_doctor_findings *findings,
                                 const struct planche_cli_options *options);
/* GPUs that Vulkan shows; if none can be used, why. */
void planche_doctor_check_gpus(struct planche_doctor_findings *findings);
/* Which models are here; a small page made with the options. */
void planche_doctor_check_models(struct planche_doctor_findings *findings,
                                 const struct planche_cli_options *options);
void planche_doctor_check_engine(struct planche_doctor_findings *findings,
                                 const struct planche_cli_options *options);
/* Libraries of formats, helper programs, poppler, and what the kernel confines them with. */
void planche_doctor_check_programs(struct planche_doctor_findings *findings);
/* Folders of the user: whether they can be written to, and the room there. */
void planche_doctor_check_folders(struct planche_doctor_findings *findings,
                                  const struct planche_cli_options *options);
/* The configuration file and variables. */
void planche_doctor_check_settings(struct planche_doctor_findings *findings,
                                   const struct planche_cli_options *options);

#endif
