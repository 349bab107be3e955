/* SPDX-License-Identifier: MIT */
/* planche doctor: what works on this machine, and what to do where something does not. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "doctor/checks.h"

#include <planche/version.h>
#include <stdlib.h>

int planche_cli_doctor(int argc, char **argv)
{
    struct planche_cli_options options;
    struct planche_doctor_findings findings = {0};
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_DOCTOR, "doctor", argc, argv, &first,
                                   &status))
        return status;
    if (first < argc)
        return planche_cli_usage_error("doctor", "unexpected '%s'", argv[first]);
    planche_doctor_add(&findings, PLANCHE_DOCTOR_OK, "planche", "", "%s", planche_version());
    planche_doctor_check_settings(&findings, &options);
    planche_doctor_check_cpu(&findings, &options);
    planche_doctor_check_memory(&findings, &options);
    planche_doctor_check_gpus(&findings);
    planche_doctor_check_models(&findings, &options);
    planche_doctor_check_engine(&findings, &options);
    planche_doctor_check_programs(&findings);
    planche_doctor_check_folders(&findings, &options);
    bool well = planche_doctor_is_well(&findings), said = true;
    if (!options.json)
        planche_doctor_print(&findings);
    else
        said = planche_doctor_print_json(&findings);
    free(findings.list);
    return well && said ? PLANCHE_CLI_OK : PLANCHE_CLI_PAGE_FAILED;
}
