/* SPDX-License-Identifier: MIT */
/* planche help TOPIC: a sub-command, an option with all that the manual says of it, or a section.
 */
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/option_table.h"
#include "cli/terminal.h"
#include "words/suggest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct planche_cli_option *find_option(const char *topic)
{
    topic += strspn(topic, "-");
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        bool letter = option->letter != 0 && topic[0] == option->letter && topic[1] == 0;
        if (letter || strcmp(option->name, topic) == 0)
            return option;
    }
    return NULL;
}

/* "Of: pages and books, planche stdio." */
static void print_commands(const struct planche_cli_option *option)
{
    char text[256] = "An option of ";
    const char *separator = "";
    for (size_t i = 0; i < planche_cli_command_count; i++) {
        const struct planche_cli_command_row *row = &planche_cli_command_table[i];
        size_t used = strlen(text);
        if (!(option->commands & (unsigned)row->command))
            continue;
        snprintf(text + used, sizeof text - used, "%splanche%s%s", separator, *row->name ? " " : "",
                 row->name);
        separator = ", ";
    }
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s.",
             option->commands & PLANCHE_CLI_BOOKS_ONLY ? "; for books only" : "");
    planche_cli_help_text(text);
}

/* How the option is called where defaults come from. */
static void print_defaults(const struct planche_cli_option *option)
{
    char variable[64], text[256];
    if (planche_cli_config_lacks(option))
        return;
    planche_cli_config_variable(option, variable, sizeof variable);
    snprintf(text, sizeof text, "In the configuration file: %s = %s. In the environment: %s=%s.",
             option->name, *option->argument ? "VALUE" : "true", variable,
             *option->argument ? "VALUE" : "1");
    planche_cli_help_text(text);
}

static void print_option(const struct planche_cli_option *option)
{
    planche_cli_help_option(option, "");
    putchar('\n');
    if (*option->detail) {
        planche_cli_help_text(option->detail);
        putchar('\n');
    }
    print_defaults(option);
    print_commands(option);
}

/* The options under a heading that begins like the topic. False: there is no such heading. */
static bool print_section(const char *topic)
{
    for (int group = 0; group < PLANCHE_CLI_GROUP_OWN; group++) {
        if (strcasecmp(planche_cli_group_name((enum planche_cli_option_group)group), topic) != 0)
            continue;
        printf("%s:\n", planche_cli_group_name((enum planche_cli_option_group)group));
        for (size_t i = 0; i < planche_cli_option_count; i++) {
            if ((int)planche_cli_option_table[i].group == group)
                planche_cli_help_option(&planche_cli_option_table[i], "");
        }
        return true;
    }
    return false;
}

static int refuse(const char *topic)
{
    struct planche_cli_suggestion suggestion = {.word = topic + strspn(topic, "-")};
    bool letter = *suggestion.word != 0 && suggestion.word[1] == 0; /* which is like any word */
    for (size_t i = 1; !letter && i < planche_cli_command_count; i++)
        planche_cli_suggest(&suggestion, planche_cli_command_table[i].section);
    for (size_t i = 0; !letter && i < planche_cli_option_count; i++)
        planche_cli_suggest(&suggestion, planche_cli_option_table[i].name);
    if (suggestion.best != NULL)
        return planche_cli_usage_error(suggestion.best, "no help for '%s'; did you mean %s?", topic,
                                       suggestion.best);
    return planche_cli_usage_error(
        "", "no help for '%s'; topics are commands, options and sections", topic);
}

int planche_cli_help(int argc, char **argv)
{
    const char *topic = argc > 1 ? argv[1] : "";
    if (argc > 2 && !(argc == 3 && strcmp(argv[1], "models") == 0 && strcmp(argv[2], "fetch") == 0))
        return planche_cli_usage_error("", "unexpected '%s': help takes one topic", argv[2]);
    if (planche_cli_help_command(topic))
        return PLANCHE_CLI_OK;
    const struct planche_cli_option *option = find_option(topic);
    if (option != NULL)
        print_option(option);
    /* Some sections are called like an option of theirs. */
    if (option != NULL && *topic != '-' && topic[1] != 0 && option->group < PLANCHE_CLI_GROUP_OWN &&
        strcasecmp(planche_cli_group_name(option->group), topic) == 0)
        putchar('\n');
    else if (option != NULL)
        return PLANCHE_CLI_OK;
    return print_section(topic) ? PLANCHE_CLI_OK : refuse(topic);
}
