/* SPDX-License-Identifier: MIT */
/* Findings of planche doctor: the list, and how it is shown. */
#include "doctor/findings.h"

#include "cli/fact.h"
#include "cli/hints.h"
#include "cli/json.h"
#include "cli/terminal.h"

#include <planche/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void planche_doctor_add(struct planche_doctor_findings *findings, enum planche_doctor_level level,
                        const char *name, const char *remedy, const char *format, ...)
{
    char raw[sizeof findings->list->text];
    if (findings->count == findings->room) {
        size_t room = findings->room + 32;
        struct planche_doctor_finding *more =
            reallocarray(findings->list, room, sizeof *findings->list);
        if (more == NULL) {
            findings->no_memory = true;
            return;
        }
        findings->list = more;
        findings->room = room;
    }
    struct planche_doctor_finding *finding = &findings->list[findings->count++];
    *finding = (struct planche_doctor_finding){.level = level};
    snprintf(finding->name, sizeof finding->name, "%s", name);
    snprintf(finding->remedy, sizeof finding->remedy, "%s", remedy);
    va_list values;
    va_start(values, format);
    vsnprintf(raw, sizeof raw, format, values);
    va_end(values);
    planche_cli_hint(raw, finding->text, sizeof finding->text);
}

/* "ok", "note", "problem". */
static const char *level_name(enum planche_doctor_level level)
{
    static const char *const names[] = {"ok", "note", "problem"};
    return names[level];
}

bool planche_doctor_is_well(const struct planche_doctor_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].level == PLANCHE_DOCTOR_PROBLEM)
            return false;
    }
    return !findings->no_memory;
}

void planche_doctor_print(const struct planche_doctor_findings *findings)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"}; /* green to red */
    bool coloured = planche_cli_prints_colours();
    for (size_t i = 0; i < findings->count; i++) {
        const struct planche_doctor_finding *finding = &findings->list[i];
        printf("%s%-8s%s", coloured ? colours[finding->level] : "", level_name(finding->level),
               coloured ? "\033[0m" : "");
        planche_cli_print_fact_from(8, finding->name, finding->text);
        if (*finding->remedy) {
            printf("%8s", "");
            planche_cli_print_fact_from(8, "  what to do", finding->remedy);
        }
    }
    puts(planche_doctor_is_well(findings) ? "All that is needed works."
                                          : "Something that is needed does not work.");
}

bool planche_doctor_print_json(const struct planche_doctor_findings *findings)
{
    json_t *list = json_array(), *object = json_object();
    for (size_t i = 0; i < findings->count; i++) {
        const struct planche_doctor_finding *finding = &findings->list[i];
        json_t *one = json_object();
        json_object_set_new(one, "name", json_string(finding->name));
        json_object_set_new(one, "level", json_string(level_name(finding->level)));
        json_object_set_new(one, "text", planche_cli_json_text(finding->text));
        json_object_set_new(
            one, "remedy", *finding->remedy ? planche_cli_json_text(finding->remedy) : json_null());
        json_array_append_new(list, one);
    }
    json_object_set_new(object, "version", json_string(planche_version()));
    json_object_set_new(object, "ok", json_boolean(planche_doctor_is_well(findings)));
    json_object_set_new(object, "findings", list);
    return planche_cli_json_print(object);
}
