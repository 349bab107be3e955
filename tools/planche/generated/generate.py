#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the completions of a shell, or the manual, from the command's table of options.

generate.py bash|zsh|fish OPTIONS.JSON OUTPUT
generate.py man OPTIONS.JSON OUTPUT TEMPLATE     lines "@options GROUP@" of the template become lists
generate.py man-COMMAND ...                      the template's part about a sub-command, as a page
"""
import json
import re
import sys

COMMANDS = []  # of the table, as they are typed; "" is none
TOPICS = []  # those of one word: what planche help knows
SUB_COMMANDS = []  # and what has no options
ABOUT = {}  # what the manual's pages of sub-commands are found by
MODELS_COMMANDS = ["fetch", "import", "scan", "pack", "path", "verify", "remove"]
# Those that take names of models and the options of fetch.
NAMING_COMMANDS = [command for command in MODELS_COMMANDS if command != "scan"]
CACHE_COMMANDS = ["show", "prune", "verify"]
QUEUE_COMMANDS = ["show", "retry", "forget", "purge"]
# Values that are usual, of options that take others as well.
USUAL = {"scale": ["1", "2", "3", "4"], "quality": ["80", "90", "95"], "memory": ["512M", "1G", "2G"],
         "max-size": ["1G", "5G", "20G"], "max-age": ["12h", "7d", "30d", "none"]}
# Ends of the names of files that -m takes: tests/e2e/test_completions.py compares them with the loaders'.
MODEL_FILES = ["param", "planche", "safetensors", "pth", "pt", "ckpt", "onnx"]


class Option:
    """A row of the table."""

    def __init__(self, row):
        self.name, self.letter, self.value = row["name"], row["letter"], row["argument"]
        self.group, self.commands, self.help = row["group"], row["commands"], row["help"]
        self.preset, self.detail = row["preset"], row["detail"]
        self.is_folder = self.value == "DIR"
        self.is_file = self.is_folder or self.value == "FILE"
        self.choices = row["values"].split("|") if row["values"] else []
        self.choices += USUAL.get(self.name, [])
        # The first words, for a line of a menu.
        self.description = re.split("[;:]", re.sub(r" *\([^)]*\)", "", self.help))[0].strip()


def topics(options):
    """What planche help knows."""
    return " ".join(TOPICS + sorted({option.name for option in options} - set(TOPICS)))


def of_command(options, command):
    return [option for option in options if command in option.commands]


def words_of(option):
    return ([f"-{option.letter}"] if option.letter else []) + [f"--{option.name}"]


MODELS = r"""planche models --json 2>/dev/null | sed -n 's/.*"model":"\([^"]*\)".*/\1/p' | sort -u"""


def bash(options):
    lists, values, free = [], [], []
    for command in COMMANDS:
        words = [word for option in of_command(options, command) for word in words_of(option)]
        lists.append(f"        '{command}') options='{' '.join(words)}' ;;")
    for option in {option.name: option for option in options}.values():
        pattern = "|".join(words_of(option))
        if option.name == "model":
            values.append(f'        {pattern}) COMPREPLY=($(compgen -W "auto $({MODELS})" -- "$word") '
                          + " ".join(f'$(compgen -f -X "!*.{end}" -- "$word")' for end in MODEL_FILES)
                          + "); return ;;")
        elif option.is_file:
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
        f'        [ "$command" = models ] && [[ "${{COMP_WORDS[2]}}" =~ ^({"|".join(NAMING_COMMANDS)})$ ]] && '
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
        f"        models) [ \"$COMP_CWORD\" -gt 2 ] || COMPREPLY=($(compgen -W '{' '.join(MODELS_COMMANDS)}' -- \"$word\")) ;;",
        f"        queue) COMPREPLY=($(compgen -W '{' '.join(QUEUE_COMMANDS)}' -- \"$word\")) ;;",
        f"        cache) COMPREPLY=($(compgen -W '{' '.join(CACHE_COMMANDS)}' -- \"$word\")) ;;",
        f"        'models fetch') [ \"${{COMP_WORDS[2]}}\" = import ] || "
        f"COMPREPLY=($(compgen -W \"$({MODELS})\" -- \"$word\")) ;;",
        f"        help) COMPREPLY=($(compgen -W '{topics(options)}' -- \"$word\")) ;;",
        "    esac",
        "}",
        "complete -o default -o filenames -F _planche planche",
    ])


def zsh_spec(option):
    text = option.description.replace("'", "'\\''")
    value = ""
    if option.value:
        action = "_files" if option.is_file else f"({' '.join(option.choices)})"
        action = "_files -/" if option.is_folder else action
        if option.name == "model":
            action = f"{{compadd auto; _planche_models; _files -g '*.({'|'.join(MODEL_FILES)})'}}"
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
    for command in COMMANDS:
        rest = {"": "'*:file:_files'", "models": f"'1:command:({' '.join(MODELS_COMMANDS)})' '*:file:_files'",
                "models fetch": '"*:model:$operands"',
                "queue": f"'1:command:({' '.join(QUEUE_COMMANDS)})'",
                "cache": f"'1:command:({' '.join(CACHE_COMMANDS)})'"}.get(command, "")
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
        "    local command= operands=_planche_models",
        "    if ((CURRENT > 2)); then",
        "        case $words[2] in",
        f"        {'|'.join(SUB_COMMANDS)}) command=$words[2]; shift words; ((CURRENT--)) ;;",
        "        esac",
        f"        if [[ $command = models && $words[2] = ({'|'.join(NAMING_COMMANDS)}) ]] && ((CURRENT > 2)); then",
        "            [[ $words[2] = import ]] && operands=_files",
        "            command='models fetch'; shift words; ((CURRENT--))",
        "        fi",
        "    elif [[ $words[2] != -* ]]; then",
        f"        compadd {' '.join(SUB_COMMANDS)}",
        "    fi",
        "    case $command in",
        *cases,
        f"    help) compadd {topics(options)} ;;",
        "    esac",
        "}",
        '_planche "$@"',
    ])


def fish(options):
    others = " ".join(SUB_COMMANDS)
    conditions = {
        "": f"not __fish_seen_subcommand_from {others}",
        "models": "__fish_seen_subcommand_from models; and not __fish_seen_subcommand_from "
                  + " ".join(MODELS_COMMANDS),
        "models fetch": "__fish_seen_subcommand_from " + " ".join(NAMING_COMMANDS),
    }
    lines = [
        "# fish completion for planche",
        f"complete -c planche -n __fish_use_subcommand -a '{others}'",
        f"complete -c planche -f -n '{conditions['models']}' "
        f"-a '{' '.join(MODELS_COMMANDS)}'",
        "complete -c planche -f -n '__fish_seen_subcommand_from "
        + " ".join(name for name in NAMING_COMMANDS if name != "import") + f"' -a \"({MODELS_FISH})\"",
        "complete -c planche -f -n '__fish_seen_subcommand_from cache' "
        f"-a '{' '.join(CACHE_COMMANDS)}'",
        "complete -c planche -f -n '__fish_seen_subcommand_from queue' "
        f"-a '{' '.join(QUEUE_COMMANDS)}'",
        "complete -c planche -f -n '__fish_seen_subcommand_from help' "
        f"-a '{topics(options)}'",
    ]
    for command in COMMANDS:
        condition = conditions.get(command, f"__fish_seen_subcommand_from {command}")
        for option in of_command(options, command):
            line = f"complete -c planche -n '{condition}' -l {option.name}"
            line += f" -s {option.letter}" if option.letter else ""
            if option.is_file or option.name == "model":
                line += " -r"
            elif option.value:
                line += " -x"
            if option.choices:
                line += f" -a '{' '.join(option.choices)}'"
            if option.name == "model":
                line += f' -a "auto ({MODELS_FISH})"'
            text = option.description.replace("'", "\\'")
            lines.append(f"{line} -d '{text}'")
    return "\n".join(lines)


MODELS_FISH = MODELS.replace("\\", "\\\\").replace('"', '\\"')


def roff(text):
    """Plain text as a line of a manual."""
    text = re.sub(r"(?<![A-Za-z0-9])-", r"\\-", text.replace("\\", r"\e"))
    return "\\&" + text if text[:1] in ".'" else text


def text_for(text, command):
    """A text as it is for a sub-command: tools/planche/cli/help.c has the same."""
    found = re.search(f"; ({'|'.join(SUB_COMMANDS)}): (.*)", text)
    if not command or not found:
        return text
    if found[1] != command:
        return text[:found.start()]
    return f"{text[:found.start()]}; {found[2]}" if found[2].startswith("also ") else found[2]


def man_entry(option, command):
    help_text, preset = text_for(option.help, command), text_for(option.preset, command)
    head = f"Fl {option.letter} , -{option.name}" if option.letter else f"Fl -{option.name}"
    head += f" Ar {option.value}" if option.value else ""
    lines = [f".It {head}", roff(help_text[0].upper() + help_text[1:] + ".")]
    if preset:
        lines.append(roff(f"Default: {preset}."))
    return lines + [roff(line) for line in re.findall(r"\S.*?[.](?= |$)", option.detail)]


def lines_of(template):
    with open(template, encoding="utf-8") as file:
        return file.read().splitlines()


def page_of(command, whole):
    """The lines of a page about a sub-command, out of the template's."""
    synopsis, entries, depth = [], [], 0  # of lists within the list of sub-commands
    start = whole.index(".Ss Sub-commands")
    for line in whole[start + 2:]:
        depth += line.startswith(".Bl ") - line.startswith(".El")
        if depth < 0:
            break
        if depth == 0 and line.startswith(".It Cm "):
            entries.append([line[len(".It Cm "):], []])
        else:
            entries[-1][1].append(line)
    own = [(name, text) for name, text in entries if name.split(" ")[0] == command]
    uses = " ".join(whole[whole.index(".Sh SYNOPSIS") + 1:whole.index(".Sh DESCRIPTION")]).split(".Nm ")
    for use in uses:
        if use.startswith(f".Cm {command} ") or use.strip() == f".Cm {command}":
            synopsis += [".Nm planche", *re.sub(r" (?=\.[A-Z])", "\n", use.strip()).split("\n")]
    if not own or not synopsis:
        sys.exit(f"the manual has no synopsis or no part about planche {command}")
    lines = [*whole[:3], f".Dt PLANCHE-{command.upper()} 1", ".Os", ".Sh NAME", f".Nm planche-{command}",
             f".Nd {ABOUT[command]}", ".Sh SYNOPSIS", *synopsis, ".Sh DESCRIPTION"]
    for index, (name, text) in enumerate(own):
        lines += ([f".Ss {name}"] if index else []) + [re.sub(r"^\.Nm$", ".Nm planche", line) for line in text]
    return lines + [".Sh SEE ALSO", ".Xr planche 1"]


def man(options, template, command=None):
    lines = []
    whole = lines_of(template)
    for line in page_of(command, whole) if command else whole:
        wanted = re.fullmatch(r"@options ([A-Za-z]+)(?: of ([a-z]+))?@", line)
        if not wanted:
            lines.append(line)
            continue
        group, command = wanted.groups()
        found = [o for o in options if o.group == group and
                 (not command or any(c.split(" ")[0] == command for c in o.commands))]
        if not found:
            sys.exit(f"{template}: no options for {line}")
        lines.append(".Bl -tag -width indent")
        for option in found:
            lines += man_entry(option, command)
        lines.append(".El")
    return "\n".join(lines)


def main():
    kind, table, output = sys.argv[1:4]
    with open(table, encoding="utf-8") as file:
        rows = json.load(file)
    options = [Option(row) for row in rows["options"]]
    COMMANDS.extend(row["name"] for row in rows["commands"])
    ABOUT.update({row["name"]: row["about"] for row in rows["commands"]})
    TOPICS.extend(command for command in COMMANDS if command and " " not in command)
    SUB_COMMANDS.extend([*TOPICS, "help", "version"])
    lacking = [command for command in TOPICS if not ABOUT[command]]
    if lacking:
        sys.exit(f"commands.def does not say what the manual's page is found by: {lacking}")
    if kind.split("-")[0] == "man":
        text = man(options, sys.argv[4], *kind.split("-")[1:])
    else:
        text = {"bash": bash, "zsh": zsh, "fish": fish}[kind](options)
    with open(output, "w", encoding="utf-8") as file:
        file.write(text + "\n")


main()
