/* SPDX-License-Identifier: MIT */
/* The command's entry points and exit statuses. */
#ifndef PLANCHE_CLI_CLI_H
#define PLANCHE_CLI_CLI_H

enum planche_cli_exit {
    PLANCHE_CLI_OK = 0,
    PLANCHE_CLI_PAGE_FAILED = 1, /* at least one page (or answer) did not come out */
    PLANCHE_CLI_USAGE = 2,       /* the command line makes no sense; nothing was done */
    PLANCHE_CLI_NOT_STARTED = 3  /* no model, no memory: no page could be tried */
};

/* Sub-commands: argv[0] is the sub-command's name. They return an exit status. */
int planche_cli_enlarge(int argc, char **argv);
int planche_cli_models(int argc, char **argv);
int planche_cli_fetch(int argc, char **argv);
int planche_cli_info(int argc, char **argv);
int planche_cli_stdio(int argc, char **argv);
int planche_cli_serve(int argc, char **argv);
int planche_cli_bench(int argc, char **argv);
int planche_cli_preview(int argc, char **argv);
int planche_cli_compare(int argc, char **argv);
int planche_cli_cache(int argc, char **argv);
int planche_cli_worker(int argc, char **argv);
int planche_cli_queue(int argc, char **argv);
int planche_cli_tune(int argc, char **argv);
int planche_cli_doctor(int argc, char **argv);
int planche_cli_help(int argc, char **argv);
int planche_cli_version(int argc, char **argv);

/* Writes the help text of a sub-command ("" is none) to stdout. */
void planche_cli_help_print(const char *command);

#endif
