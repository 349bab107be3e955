# SPDX-License-Identifier: MIT
"""The completions of shells and the manual: they know every option, and work."""
import json
import os
import re
import shutil
import subprocess
import unittest

import harness
from harness import run

FILES = {shell: os.path.join(os.environ["COMPLETIONS"], name) for shell, name in
         (("bash", "planche"), ("zsh", "_planche"), ("fish", "planche.fish"))}
SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
COMMANDS = {"": [], "stdio": ["stdio"], "bench": ["bench"], "models": ["models"],
            "cache": ["cache"]}


def text_of(shell):
    with open(FILES[shell], encoding="utf-8") as file:
        return file.read()


def options_of(command):
    """Long options that the help of a command lists."""
    text = run(*COMMANDS[command], "--help", check=0).stdout
    own = set(re.findall(r"^ +(?:-\w, |    )--([a-z-]+)", text, re.M))
    others = re.search(r"^As for pages \(planche --help\): ([^.]+)\.", text, re.M)
    return own | set(re.findall(r"--([a-z-]+)", others.group(1)) if others else ())


def complete(folder, *words):
    """What bash would offer for the last word."""
    script = (f"compopt() {{ :; }}; . '{FILES['bash']}'; COMP_WORDS=({' '.join(words)!s});"
              f" COMP_CWORD={len(words) - 1}; _planche; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    env = {**os.environ, "PATH": os.path.dirname(harness.PLANCHE) + ":" + os.environ["PATH"]}
    result = subprocess.run(["bash", "-c", script], capture_output=True, check=True, cwd=folder,
                            env=env, text=True)
    assert result.stderr == "", result.stderr
    return set(result.stdout.split())


class Completions(harness.Case):
    def test_every_option_is_in_each(self):
        for command in COMMANDS:
            options = options_of(command)
            self.assertTrue(options)
            for option in options:
                self.assertIn(f"--{option}", text_of("bash"))
                self.assertRegex(text_of("zsh"), rf"--{option}[=\[,}}]")
                self.assertRegex(text_of("fish"), rf" -l {option} ")
        self.assertIn("dry-run", options_of(""))
        self.assertIn("max-ratio", options_of(""))
        self.assertIn("engines", options_of("stdio"))
        self.assertIn("tile", options_of("stdio"))
        self.assertNotIn("output", options_of("stdio"))

    def test_every_option_is_in_the_manual(self):
        with open(os.environ["MANUAL"], encoding="utf-8") as file:
            manual = file.read()
        for command in COMMANDS:
            for option in options_of(command):
                entry = rf"(?m)^\.(It .*(Fl|,) -{option}( |$)|Fl -{option} Ar )"
                self.assertTrue(re.search(entry, manual), option)

    def test_every_json_key_is_in_the_manual(self):
        with open(os.environ["MANUAL"], encoding="utf-8") as file:
            manual = file.read()
        words = set(re.findall(r"[a-z_0-9]+", manual[manual.index(".Sh JSON LINES"):]))
        page = self.write("page.png", harness.page())
        keys = set()
        for arguments in (["models"], ["info"], ["--dry-run", page]):
            for line in run(*arguments, "--json", check=0).stdout.splitlines():
                found = json.loads(line)
                keys |= set(found)
                keys.update(*found.get("gpus", []))
        self.assertLessEqual({"cached", "budget_bytes", "parts", "dry_run"}, keys)
        self.assertLessEqual(keys, words)

    def test_shells_can_read_them(self):
        for shell, path in FILES.items():
            if shutil.which(shell):
                subprocess.run([shell, "-n", path], check=True)

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_completes(self):
        for command, words in COMMANDS.items():
            offered = complete(self.folder, "planche", *words, "--")
            if command == "models":
                offered |= complete(self.folder, "planche", "models", "fetch", "--")
            self.assertLessEqual({"--" + option for option in options_of(command)}, offered)
        self.assertEqual(complete(self.folder, "planche", "--to", "''"), {"cbz", "epub", "folder"})
        self.assertEqual(complete(self.folder, "planche", "a.cbz", "--on-error", "k"), {"keep"})
        self.assertEqual(complete(self.folder, "planche", "--se", "=", "s"), {"sampled"})
        self.assertEqual(complete(self.folder, "planche", "mod"), {"models"})
        self.assertLessEqual({"2", "3", "4"}, complete(self.folder, "planche", "-s", "''"))
        self.assertEqual(complete(self.folder, "planche", "help", "memo"), {"memory"})
        self.assertEqual(complete(self.folder, "planche", "--progress", "p"), {"plain"})
        self.assertEqual(complete(self.folder, "planche", "models", "f"), {"fetch"})
        self.assertEqual(complete(self.folder, "planche", "models", "sc"), {"scan"})
        self.assertEqual(complete(self.folder, "planche", "models", "scan", "--sp"), {"--speed"})
        self.assertEqual(complete(self.folder, "planche", "a.cbz", "mod"), set())

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_completes_models(self):
        self.write("my.param", b"")
        self.assertEqual(complete(self.folder, "planche", "-m", "realcu"), {"realcugan"})
        self.assertEqual(complete(self.folder, "planche", "-m", "aut"), {"auto"})
        self.assertEqual(complete(self.folder, "planche", "-m", "my"), {"my.param"})
        self.assertEqual(complete(self.folder, "planche", "models", "fetch", "waifu2x-c"),
                         {"waifu2x-cunet"})
        # Files, which bash completes where nothing is offered.
        for words in (("models", "import", "waifu2x-c"), ("models", "pack", "-o", "waifu2x-c"), ("--config", "a"),
                      ("serve", "--rules", "a"), ("serve", "--books", "a")):
            self.assertEqual(complete(self.folder, "planche", *words), set(), words)

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_files_of_models(self):
        """Those that a loader knows, of all shells; each is one for the command, too."""
        ends = {".planche"}  # by a name in src/model/own/format.h
        for folder in ("ncnn", "onnx", "weights"):
            with open(os.path.join(SOURCE, "src/model", folder, "loader.c"), encoding="utf-8") as file:
                for found in re.findall(r"\.extensions = [^{]*\{(.*)NULL\}", file.read()):
                    ends.update(re.findall(r'"([^"]+)"', found))
        self.assertLessEqual({".param", ".pth", ".onnx"}, ends)
        for end in ends:
            self.write("gone" + end, b"")
        self.write("gone.txt", b"")
        self.assertEqual(complete(self.folder, "planche", "-m", "gone"), {"gone" + end for end in ends})
        offered = re.search(r"_files -g '[^*]*\*\.\(([a-z|]+)\)", text_of("zsh")).group(1)
        self.assertEqual({"." + end for end in offered.split("|")}, ends)
        self.assertRegex(text_of("fish"), r"-l model -s m -r -a ")

    def test_sub_commands(self):
        """Each of the command's is offered, and what has options of its own."""
        names = set(re.findall(r"^  planche ([a-z]+) ", run("--help", check=0).stdout, re.M))
        self.assertLessEqual({"models", "serve", "doctor", "worker"}, names)
        for shell in FILES:
            for name in names:
                self.assertRegex(text_of(shell), rf"\b{name}\b")
        self.assertRegex(text_of("zsh"), r"--config=\[[^\]]*\]:config:_files'")


if __name__ == "__main__":
    harness.main()
