/* SPDX-License-Identifier: MIT */
/* Prints the tables of sub-commands and of options as JSON, for generate.py. Built for the
 * machine that builds. */
#include "cli/option_table.h"

#include <stdbool.h>
#include <stdio.h>

static void print_text(const char *key, const char *text)
{
    printf("\"%s\": \"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    printf("\", ");
}

static void print_option(const struct planche_cli_option *option)
{
    const char letter[] = {(char)option->letter, 0};
    const char *comma = "";
    printf("{");
    print_text("group", planche_cli_group_name(option->group));
    print_text("name", option->name);
    print_text("letter", letter);
    print_text("argument", option->argument);
    print_text("values", option->values);
    print_text("preset", option->preset);
    print_text("help", option->help);
    print_text("detail", option->detail);
    printf("\"commands\": [");
    for (size_t i = 0; i < planche_cli_command_count; i++) {
        if (!(option->commands & planche_cli_command_table[i].command))
            continue;
        printf("%s\"%s\"", comma, planche_cli_command_table[i].name);
        comma = ", ";
    }
    printf("]}");
}

static void print_command(const struct planche_cli_command_row *row, bool follows)
{
    printf(follows ? ",\n{" : "{");
    print_text("name", row->name);
    print_text("about", row->about);
    printf("\"section\": \"%s\"}", row->section);
}

int main(void)
{
    printf("{\"commands\": [");
    for (size_t i = 0; i < planche_cli_command_count; i++)
        print_command(&planche_cli_command_table[i], i > 0);
    printf("],\n\"options\": [");
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        print_option(&planche_cli_option_table[i]);
        printf(i + 1 < planche_cli_option_count ? ",\n" : "]}\n");
    }
    return ferror(stdout) ? 1 : 0;
}
