/* SPDX-License-Identifier: MIT */
/* Findings of planche doctor: what was looked at, whether it is well, what to do if not. */
#ifndef PLANCHE_DOCTOR_FINDINGS_H
#define PLANCHE_DOCTOR_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

enum planche_doctor_level {
    PLANCHE_DOCTOR_OK,
    PLANCHE_DOCTOR_NOTE,   /* something that is not needed is not there, or could be better */
    PLANCHE_DOCTOR_PROBLEM /* something that Planche needs does not work */
};

struct planche_doctor_finding {
    enum planche_doctor_level level;
    char name[16], text[1024];
    char remedy[512]; /* "": nothing is to be done; never if it is not well */
};

struct planche_doctor_findings {
    struct planche_doctor_finding *list;
    size_t count, room;
    bool no_memory; /* one is missing */
};

/* Adds a finding; remedy is "" if all is well. */
__attribute__((format(printf, 5, 6))) void
planche_doctor_add(struct planche_doctor_findings *findings, enum planche_doctor_level level,
                   const char *name, const char *remedy, const char *format, ...);
bool planche_doctor_is_well(const struct planche_doctor_findings *findings);
/* One line each for people, with colours where standard output shows them, or one JSON object.
 * False: out of memory. */
void planche_doctor_print(const struct planche_doctor_findings *findings);
bool planche_doctor_print_json(const struct planche_doctor_findings *findings);

#endif
