#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the completions of a shell from the command's own tables.

generate.py bash|zsh|fish OPTIONS.C HELP.C OUTPUT

Which options there are, whose they are and what values they take comes from the table in options.c,
the descriptions from the texts in help.c.
"""
import re
import sys

SPEC = re.compile(r"\{\"([a-z-]+)\", ('.'|0), (NULL|\"[^\"]*\"), ([A-Z_| ]+), (\w+)\}")
COMMANDS = {  # in the table: as it is typed
    "ENLARGE": "", "MODELS": "models", "FETCH": "models fetch", "INFO": "info", "STDIO": "stdio",
    "BENCH": "bench",
}
SUB_COMMANDS = ["models", "info", "stdio", "bench", "help", "version"]
FILES = {"output", "model", "model-dir"}  # values that are names of files


class Option:
    """A row of the table."""

    def __init__(self, name, letter, value, commands):
        self.name = name
        self.letter = "" if letter == "0" else letter.strip("'")
        self.value = None if value == "NULL" else value.strip('"')
        self.commands = commands
        words = re.split(r", | or ", self.value or "")
        plain = [word for word in words if re.fullmatch(r"-?[a-z0-9]+", word)]
        # "keep, skip or fail" are choices, "a count such as 500M" is not.
        self.choices = plain if len(plain) > 1 else []
        self.description = self.value or ""


def evaluate(expression, sets):
    """The commands that "PAGES | PLANCHE_CLI_BENCH" stands for."""
    commands = set()
    for name in expression.split("|"):
        commands |= sets[name.strip()]
    return commands


def read_options(text):
    text = re.sub(r"\s+", " ", text)
    sets = {"PLANCHE_CLI_" + name: {command} for name, command in COMMANDS.items()}
    sets["FOR_BOOKS"] = set()
    for name, expression in re.findall(r"([A-Z]+) = ([A-Z_| ]+?)[,} ]", text.replace(" | ", "|")):
        if all(part in sets for part in expression.split("|")):
            sets[name] = evaluate(expression, sets)
    return [Option(name, letter, value, evaluate(commands, sets))
            for name, letter, value, commands, _ in SPEC.findall(text)]


def describe(options, text):
    """Takes descriptions from the help texts: the first sentence or so."""
    lines = "\n".join(re.findall(r'"(.*)\\n"', text)).replace('\\"', '"')
    for option in options:
        found = re.search(rf"^ +(?:-., |    )--{option.name}(?: \S+)? {{2,}}(.+(?:\n {{20,}}.+)*)",
                          lines, re.M)
        if found:
            words = re.sub(r"\[[^]]*\]|\([^)]*\)", "", found.group(1))
            option.description = re.split("[;:]", re.sub(r"\s+", " ", words))[0].strip()


def of_command(options, command):
    return [option for option in options if command in option.commands]


def words_of(option):
    return ([f"-{option.letter}"] if option.letter else []) + [f"--{option.name}"]


MODELS = r"""planche models --json 2>/dev/null | sed -n 's/.*"model":"\([^"]*\)".*/\1/p' | sort -u"""


def bash(options):
    lists, values, free = [], [], []
    for command in COMMANDS.values():
        words = [word for option in of_command(options, command) for word in words_of(option)]
        lists.append(f"        '{command}') options='{' '.join(words)}' ;;")
    for option in {option.name: option for option in options}.values():
        pattern = "|".join(words_of(option))
        if option.name == "model":
            values.append(f'        {pattern}) COMPREPLY=($(compgen -W "$({MODELS})" -- "$word") '
                          f'$(compgen -f -X "!*.param" -- "$word")); return ;;')
        elif option.name in FILES:
            values.append(f"        {pattern}) return ;;")
        elif option.choices:
            values.append(f"        {pattern}) COMPREPLY=($(compgen -W "
                          f"'{' '.join(option.choices)}' -- \"$word\")); return ;;")
        elif option.value:
            free.append(pattern)
    values.append(f"        {'|'.join(free)}) compopt +o default; return ;;")
    return "\n".join([
        "# bash completion for planche",
        "_planche()",
        "{",
        '    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}',
        "    local command= options=",
        "    COMPREPLY=()",
        "    # --name=value comes as three words.",
        '    if [ "$word" = "=" ]; then word=; '
        'elif [ "$before" = "=" ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi',
        '    if [ "$COMP_CWORD" -gt 1 ]; then',
        '        case ${COMP_WORDS[1]} in',
        f"        {'|'.join(SUB_COMMANDS)}) command=${{COMP_WORDS[1]}} ;;",
        "        esac",
        '        [ "$command" = models ] && [ "${COMP_WORDS[2]}" = fetch ] && '
        '[ "$COMP_CWORD" -gt 2 ] && command="models fetch"',
        "    fi",
        '    case $before in',
        *values,
        "    esac",
        '    case $command in',
        *lists,
        "    esac",
        '    case $word in',
        '    -*) COMPREPLY=($(compgen -W "$options" -- "$word")); return ;;',
        "    esac",
        '    case $command in',
        f"        '') [ \"$COMP_CWORD\" -gt 1 ] || COMPREPLY=($(compgen -W "
        f"'{' '.join(SUB_COMMANDS)}' -- \"$word\")) ;;",
        "        models) COMPREPLY=($(compgen -W fetch -- \"$word\")) ;;",
        f"        'models fetch') COMPREPLY=($(compgen -W \"$({MODELS})\" -- \"$word\")) ;;",
        "        help) COMPREPLY=($(compgen -W 'models info stdio bench' -- \"$word\")) ;;",
        "    esac",
        "}",
        "complete -o default -o filenames -F _planche planche",
    ])


def zsh_spec(option):
    text = option.description.replace("'", "'\\''")
    value = ""
    if option.value:
        action = "_files" if option.name in FILES else f"({' '.join(option.choices)})"
        action = "{_planche_models; _files -g '*.param'}" if option.name == "model" else action
        action = "_files -/" if option.name == "model-dir" else action
        action = " " if action == "()" else action
        value = f":{option.name}:{action}"
    quoted = value.replace("'", "'\\''")
    if not option.letter:
        return f"'--{option.name}{'=' if option.value else ''}[{text}]{quoted}'"
    plus, equals = ("+", "=") if option.value else ("", "")
    return (f"'(-{option.letter} --{option.name})'{{-{option.letter}{plus},--{option.name}{equals}}}"
            f"'[{text}]{quoted}'")


def zsh(options):
    cases = []
    for command in COMMANDS.values():
        rest = {"": "'*:file:_files'", "models": "'1:command:(fetch)'",
                "models fetch": "'*:model:_planche_models'"}.get(command, "")
        specs = [zsh_spec(option) for option in of_command(options, command)]
        cases += [f"    '{command}')", "        _arguments -s \\",
                  *[f"            {spec} \\" for spec in specs], f"            {rest}",
                  "        ;;"]
    return "\n".join([
        "#compdef planche",
        "# zsh completion for planche",
        "_planche_models()",
        "{",
        "    local -a models",
        f"    models=(${{(f)\"$({MODELS})\"}})",
        "    compadd -a models",
        "}",
        "_planche()",
        "{",
        "    local command=",
        "    if ((CURRENT > 2)); then",
        "        case $words[2] in",
        f"        {'|'.join(SUB_COMMANDS)}) command=$words[2]; shift words; ((CURRENT--)) ;;",
        "        esac",
        "        if [[ $command = models && $words[2] = fetch ]] && ((CURRENT > 2)); then",
        "            command='models fetch'; shift words; ((CURRENT--))",
        "        fi",
        "    elif [[ $words[2] != -* ]]; then",
        f"        compadd {' '.join(SUB_COMMANDS)}",
        "    fi",
        "    case $command in",
        *cases,
        "    help) compadd models info stdio bench ;;",
        "    esac",
        "}",
        '_planche "$@"',
    ])


def fish(options):
    others = " ".join(SUB_COMMANDS)
    conditions = {
        "": f"not __fish_seen_subcommand_from {others}",
        "models": "__fish_seen_subcommand_from models; and not __fish_seen_subcommand_from fetch",
        "models fetch": "__fish_seen_subcommand_from fetch",
    }
    lines = [
        "# fish completion for planche",
        f"complete -c planche -n __fish_use_subcommand -a '{others}'",
        f"complete -c planche -f -n '{conditions['models']}' -a fetch",
        f"complete -c planche -f -n '{conditions['models fetch']}' -a \"({MODELS_FISH})\"",
        "complete -c planche -f -n '__fish_seen_subcommand_from help' "
        "-a 'models info stdio bench'",
    ]
    for command in COMMANDS.values():
        condition = conditions.get(command, f"__fish_seen_subcommand_from {command}")
        for option in of_command(options, command):
            line = f"complete -c planche -n '{condition}' -l {option.name}"
            line += f" -s {option.letter}" if option.letter else ""
            if option.name in FILES:
                line += " -r"
            elif option.value:
                line += " -x"
            if option.choices:
                line += f" -a '{' '.join(option.choices)}'"
            if option.name == "model":
                line += f' -a "({MODELS_FISH})"'
            text = option.description.replace("'", "\\'")
            lines.append(f"{line} -d '{text}'")
    return "\n".join(lines)


MODELS_FISH = MODELS.replace("\\", "\\\\").replace('"', '\\"')


def main():
    shell, options_path, help_path, output = sys.argv[1:]
    with open(options_path, encoding="utf-8") as file:
        options = read_options(file.read())
    with open(help_path, encoding="utf-8") as file:
        describe(options, file.read())
    if not options:
        sys.exit(f"{options_path}: no table of options found")
    with open(output, "w", encoding="utf-8") as file:
        file.write({"bash": bash, "zsh": zsh, "fish": fish}[shell](options) + "\n")


main()
