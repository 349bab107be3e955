# SPDX-License-Identifier: MIT
"""The command line without any model: help, mistakes, exit statuses, names of outputs."""
import json
import os
import re
import subprocess

import harness
from harness import run


class Statuses(harness.Case):
    """Of the tests' own: a search for leaks that failed is nothing that the command did, a leak is."""

    def test_search_for_leaks(self):
        end = {"program": "/bin/sh", "wrapper": ()}
        self.assertEqual(run("-c", "exit 99", check=3, **end).returncode, 3)
        self.assertEqual(run("-c", "exit 99", **end).returncode, 99)
        with self.assertRaises(AssertionError):
            run("-c", "exit 23", check=0, **end)


class Help(harness.Case):
    def test_help_fits_a_terminal(self):
        for arguments in (["--help"], ["-h"], ["help"], ["models", "--help"], ["help", "models"],
                          ["models", "fetch", "--help"], ["stdio", "-h"], ["info", "--help"],
                          ["help", "serve"], ["help", "worker"], ["help", "queue"], ["help", "cache"],
                          ["help", "stdio"], ["help", "info"], ["help", "bench"]):
            result = run(*arguments, check=0)
            self.assertIn("Usage:", result.stdout)
            self.assertEqual(result.stderr, "")
            for line in result.stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_help_of_a_command_is_its_own(self):
        """What an option does elsewhere is not told, and the manual's parts say the same."""
        for command, there, absent in (("bench", "all models of the catalogue", "prune"),
                                       ("cache", "with prune, remove all results", "catalogue"),
                                       ("queue", "address of a nats-server", "may wait"),
                                       ("serve", "refuse requests with more bytes                  [64M]", "256M;"),
                                       ("stdio", "refuse requests with more bytes                 [256M]", "64M")):
            text = run("help", command, check=0).stdout
            self.assertIn(there, text)
            self.assertNotIn(absent, text)
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for part in ("Exit status", "at its own scale"):
            self.assertIn(part, run("help", "bench", check=0).stdout)
        self.assertIn("cache: with prune", run("help", "all", check=0).stdout)

    def test_help_names_every_option(self):
        text = run("--help", check=0).stdout
        for option in ("--model", "--scale", "--denoise", "--output", "--format", "--quality",
                       "--lossless", "--effort", "--se", "--tta", "--memory", "--threads", "--jobs",
                       "--max-pixels", "--overwrite", "--json", "--quiet", "--verbose",
                       "--cpu-mask", "--model-dir", "--help", "--version"):
            self.assertIn(option, text)

    def test_help_has_topics(self):
        listed = run("--help", check=0).stdout
        for option in re.findall(r"^ +(?:-\w, )?--([a-z-]+)", listed, re.M):
            # "queue" is a command, too, which goes first.
            for topic in (option, "--" + option)[option == "queue":]:
                text = run("help", topic, check=0).stdout
                self.assertIn(f"--{option}", text)
                self.assertIn("An option of planche", text)
                self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertIn("--memory", run("help", "machine", check=0).stdout)
        self.assertIn("the smallest budget", run("help", "memory", check=0).stdout)
        self.assertEqual(run("help", "-o", check=0).stdout, run("help", "--output", check=0).stdout)
        self.assertIn("--quality", run("help", "output", check=0).stdout)  # a section, too

    def test_version(self):
        for arguments in (["--version"], ["version"], ["-V"]):
            text = run(*arguments, check=0).stdout
            self.assertRegex(text, r"^planche \d+\.\d+\.\d+\n")
            for fact in ("commit", "compiler", "lcms2", "zlib", "nettle", "libpng", "libjpeg", "libwebp",
                         "libavif", "libjxl"):
                self.assertRegex(text, rf"(?m)^{fact}[a-z-]* +\S")
            for form in ("BMP", "PSD", "QOI", "TGA"):
                self.assertRegex(text, rf"(?m)^readers .*(?:\n .*)?\b{form}\b")
            self.assertLess(max(map(len, text.splitlines())), 80)

    def test_help_of_commands(self):
        for command in ("models", "info", "stdio", "bench", "preview", "compare", "cache", "worker", "queue"):
            expected = run("help", command, check=0).stdout
            self.assertTrue(expected.startswith("Usage:"), expected)
            for option in ("--help", "-h"):
                self.assertEqual(run(command, option, check=0).stdout, expected)

    def test_info(self):
        text = run("info", check=0).stdout
        facts = json.loads(run("info", "--json", check=0).stdout)
        self.assertIn(facts["version"], text)
        self.assertIn(facts["commit"], text)
        self.assertIn(facts["build"]["libpng"], text)
        self.assertFalse([name for name in facts["build"] if facts["build"][name].endswith(" reader")])
        self.assertLess(max(map(len, text.splitlines())), 80)
        self.assertIn(facts["isa"], facts["features"])
        self.assertIn("portable", facts["features"])
        self.assertGreater(facts["budget_bytes"], 16 << 20)
        self.assertLessEqual(facts["budget_bytes"], facts["memory_bytes"])
        self.assertGreaterEqual(facts["threads"], 1)
        masked = json.loads(run("info", "--json", "--cpu-mask", "portable", check=0).stdout)
        self.assertEqual((masked["isa"], masked["features"]), ("portable", ["portable"]))

    def test_model_folder(self):
        def folder(env):
            return json.loads(run("info", "--json", env=env, check=0).stdout)["model_directory"]
        self.assertEqual(folder({"PLANCHE_MODEL_DIR": "/some/where"}), "/some/where")
        self.assertEqual(folder({"PLANCHE_MODEL_DIR": "", "XDG_CACHE_HOME": "/cache"}),
                         "/cache/planche/models")
        self.assertEqual(folder({"PLANCHE_MODEL_DIR": "", "XDG_CACHE_HOME": "", "HOME": "/me"}),
                         "/me/.cache/planche/models")


class Models(harness.Case):
    def test_list(self):
        env = {"PLANCHE_MODEL_DIR": self.folder}
        text = run("models", env=env, check=0).stdout
        models = [json.loads(line)
                  for line in run("models", "--json", env=env, check=0).stdout.splitlines()]
        self.assertIn(self.folder, text)
        self.assertLess(max(map(len, text.splitlines())), 80)
        self.assertEqual({m["model"] for m in models},
                         {"realcugan", "realesr-animevideov3", "realesrgan-x4plus-anime",
                          "realesrgan-x4plus", "realesrgan-x4fast", "waifu2x-cunet",
                          "waifu2x-upconv7", "small", "medium", "large"})
        for model in models:
            self.assertIn(model["model"], text)
            self.assertIn(model["licence"], text)
            self.assertIn(model["source"] or "built in", text)
            self.assertEqual(model["built_in"], model["source"] is None)
            self.assertEqual(model["cached"], None if model["built_in"] else False)
            self.assertGreater(model["bytes"], 1000)
        named = run("models", "realcugan", env=env, check=0).stdout.splitlines()
        self.assertEqual([line.split()[:2] for line in named[1:-1]], [["realcugan", n] for n in "234"])
        self.assertIn("planche models fetch realcugan", named[-1])
        automatic = run("models", "auto", env=env, check=0).stdout
        self.assertIn("auto stands for medium:\nMODEL ", automatic)
        self.assertIn("In the library", automatic)
        self.assertEqual([json.loads(line)["model"] for line in run(
            "models", "--json", "waifu2x-upconv7", env=env, check=0).stdout.splitlines()], ["waifu2x-upconv7"] * 5)
        levels = {(m["model"], m["scale"], m["denoise"]) for m in models}
        self.assertEqual(len(levels), len(models))
        for level in (-1, 0, 1, 2, 3):
            self.assertIn(("realcugan", 2, level), levels)
            self.assertIn(("waifu2x-cunet", 2, level), levels)
        self.assertNotIn(("realcugan", 3, 1), levels)
        self.assertIn(("waifu2x-cunet", 1, 0), levels)
        self.assertIn(("realesrgan-x4plus", 4, None), levels)

    def test_not_cached(self):
        self.write("a.png", harness.page())
        result = run("-m", "realcugan", "--json", "a.png", cwd=self.folder, env={"PLANCHE_MODEL_DIR": self.folder},
                     check=3)
        self.assert_one_line(result.stderr, "planche models fetch realcugan")
        answer = json.loads(result.stdout)
        self.assertEqual((answer["input"], answer["status"]), ("a.png", "not found"))
        self.assertIn("planche models fetch realcugan", answer["error"])
        self.assertEqual(self.files(), ["a.png"])

    def test_no_such_file(self):
        self.write("a.png", harness.page())
        for model in ("./no.param", "small+no.pth", "grey:no.pth|small"):
            result = run("-m", model, "a.png", cwd=self.folder, check=2)
            self.assert_one_line(result.stderr, "no such model file")


class Config(harness.Case):
    """Defaults: the configuration file and variables."""

    def info(self, text, *arguments, check=0, command=("info", "--json"), **variables):
        path = self.write("planche/config.toml", text.encode())
        return run(*command, *arguments, env={"PLANCHE_CONFIG": path, "PLANCHE_MODEL_DIR": "", **variables}, check=check)

    def test_the_one_of_the_service(self):
        """What the packages install is accepted, also with all options that it shows."""
        with open(os.path.join(os.environ["SAMPLES"], "../packaging/systemd/config.toml"), encoding="utf-8") as file:
            text = re.sub(r"(?m)^#(?=[a-z-]+ = )", "", file.read())
        self.assertIn('\nmax-size = "20G"\n', text)
        self.info(text)
        self.assert_one_line(self.info(text + "threadz = 2\n", check=2).stderr, "did you mean threads")

    def test_order(self):
        """The command line, variables, a table, what stands above all tables."""
        text = ('# mine\n\nmodel-dir = "/some/where else"\r\nquality = 80\ncpu-mask="portable"\n'
                'overwrite = true\n[info]\nmodel-dir = "/own"\n[serve]\nlisten = ["a:1", "b:2"]\ndenoise = 1.5\n')
        facts = json.loads(self.info(text).stdout)
        self.assertEqual((facts["model_directory"], facts["isa"]), ("/own", "portable"))
        self.assertEqual(facts["configuration"], self.path("planche/config.toml"))
        self.assertEqual([(s["option"], s["value"], s["section"], s["from"].rsplit(":")[-1])
                          for s in facts["settings"]],
                         [("model-dir", "/some/where else", None, "3"), ("quality", "80", None, "4"),
                          ("cpu-mask", "portable", None, "5"), ("overwrite", True, None, "6"),
                          ("model-dir", "/own", "info", "8"), ("listen", "a:1", "serve", "10"),
                          ("listen", "b:2", "serve", "10"), ("denoise", "1.5", "serve", "11")])
        facts = json.loads(self.info(text, PLANCHE_MODEL_DIR="/variable", PLANCHE_OVERWRITE="off").stdout)
        self.assertEqual(facts["model_directory"], "/variable")
        self.assertIn({"option": "overwrite", "value": False, "section": None, "from": "PLANCHE_OVERWRITE"},
                      facts["settings"])
        self.assertNotIn("/own", json.dumps(facts))
        facts = json.loads(self.info(text, "--model-dir", "/other", PLANCHE_MODEL_DIR="/variable").stdout)
        self.assertEqual(facts["model_directory"], "/other")
        for nothing in ("--config=none", "--conf=none"):
            facts = json.loads(self.info(text, nothing).stdout)
            self.assertEqual((facts["configuration"], "/own" in str(facts)), (None, False))
        told = self.info(text, command=("info",), PLANCHE_MEMORY="1G").stdout
        for line in ("memory = 1G (PLANCHE_MEMORY)", "quality = 80 (line 4)", "listen = b:2 in [serve] (line 10)"):
            self.assertIn(line, told)

    def test_nothing_moves_the_cursor(self):
        told = self.info('model = "m\\u001b[31mX.param"\n', command=("info",)).stdout
        self.assertNotIn("\033", told)
        self.assertIn("model = m?[31mX.param (line 1)", told)

    def test_places(self):
        self.write("planche/config.toml", b'model-dir = "/found"\n')
        self.write(".config/planche/config.toml", b'model-dir = "~/found"\n')
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PLANCHE_")}
        for env, found in (({"XDG_CONFIG_HOME": self.folder}, "/found"),
                           ({"XDG_CONFIG_HOME": "", "HOME": self.folder}, self.path("found")),
                           ({"XDG_CONFIG_HOME": "relative", "HOME": "/nowhere"}, None),
                           ({"XDG_CONFIG_HOME": "relative", "HOME": ""}, None)):
            result = subprocess.run([*harness.WRAPPER, harness.PLANCHE, "info", "--json"],
                                    env=clean | {"XDG_CACHE_HOME": "/cache"} | env,
                                    capture_output=True, check=True)
            facts = json.loads(result.stdout)
            self.assertEqual(facts["model_directory"], found or "/cache/planche/models")
            self.assertEqual(facts["configuration"] is None, found is None)
        bare = subprocess.run([*harness.WRAPPER, harness.PLANCHE, "info", "--json"], capture_output=True, check=True,
                              env=clean | {"HOME": "", "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""})
        self.assertIsNone(json.loads(bare.stdout)["model_directory"])
        for gone in (self.path("none"), self.folder):
            self.assert_one_line(run("info", "--config", gone, check=2).stderr, gone, "config")

    def test_mistakes(self):
        for text, says in (("quality = 80\nqualty = 70", "config.toml:2: there is no option 'qualty'; did you mean "
                                                         "quality?; see planche help quality"),
                           ("model_dir = 'x'", "did you mean model-dir?"),
                           ("[sevre]\nquality = 1", "config.toml:1: there is no command 'sevre'; did you mean [serve]?"),
                           ("[bench]\ndeadline = 3", "config.toml:2: deadline has no effect in [bench]"),
                           ("quality = 200", "config.toml:1: quality: '200' is not 1 to 100"),
                           ("format = 'wepb'", "'wepb' is not webp, jpg, png, avif, jxl or keep; did you mean webp?"),
                           ("quality = true", "quality is a string or a number, not a boolean"),
                           ("quality = [1]", "quality is a string or a number, not an array"),
                           ("listen = [[]]", "a list of them, not an array"),
                           ("overwrite = 'yes'", "overwrite is true or false, not a string"),
                           ("quality = 1\nquality = 2", "config.toml:2: quality is set twice"),
                           ("[serve]\n[serve.x]", "there is no option 'x'"),
                           ("serve = 1", "there is no option 'serve'"), ("quality 80", "config.toml:1: = is wanted"),
                           ("output = 'x'", "config.toml:1: output is for one run"),
                           ("help = true", "config.toml:1: help is for one run"),
                           ("#\n\0", "config.toml:2: "), ("#" * (1 << 20) + "\n", "more than 1048576 bytes"),
                           ("[serve]\ndeadline = 'soon'", "config.toml:2: deadline: 'soon' is not 1 to 86400")):
            result = self.info(text, command=("a.png",), check=2)
            self.assert_one_line(result.stderr, says)
        for variable, value, says in (("PLANCHE_QUALITY", "0", "PLANCHE_QUALITY: '0' is not 1 to 100"),
                                      ("PLANCHE_OVERWRITE", "maybe", "PLANCHE_OVERWRITE: 'maybe' is not 1 or 0"),
                                      ("PLANCHE_DEADLINE", "soon", "a.png: there is no such file"),
                                      ("PLANCHE_OUTPUT", "", "a.png: there is no such file")):
            self.assert_one_line(self.info("", command=("a.png",), check=2, **{variable: value}).stderr, says)

    def test_wrong_model(self):
        """The place of a wrong name is told; a variable that looks like one that is known is warned of."""
        page = self.write("a.png", harness.page(4, 4))
        def planche(text, **variables):
            return self.info(text, command=(page, "-o", self.path("o.png")), check=None, **variables)
        self.assert_one_line(planche("quality = 80\nmodel = 'smal'").stderr, "config.toml:2: there is no model named 'smal'",
                             "did you mean small?")
        result = planche("", PLANCHE_MODEL="nosuch")
        self.assertEqual(result.returncode, 2)
        self.assert_one_line(result.stderr, "PLANCHE_MODEL: there is no model named 'nosuch'")
        result = planche("", PLANCHE_MODLE="small", PLANCHE_TEST_QUALTY="1", PLANCHE_MODEL="nosuch")
        self.assertEqual(result.stderr.splitlines()[0], "planche: the variable PLANCHE_MODLE is unknown, and ignored; did you "
                                                        "mean PLANCHE_MODEL?")
        self.assertEqual(len(result.stderr.splitlines()), 2)
        result = planche("", PLANCHE_OUTPUT="x.png", PLANCHE_WORKER="1", PLANCHE_MODEL="nosuch")
        self.assertIn("PLANCHE_OUTPUT is ignored: --output is for one run alone", result.stderr)
        self.assertIn("the variable PLANCHE_WORKER is unknown, and ignored\n", result.stderr)
        result = run("-m", "nosuch", page, "-o", "o.png", env={"PLANCHE_MODEL": "small"}, check=2)
        self.assertNotIn("PLANCHE_MODEL", result.stderr)

    def test_who_may_write(self):
        self.write("planche/config.toml", b"quality = 80\n")
        for mode, refused in ((0o644, False), (0o664, False), (0o666, True)):
            os.chmod(self.path("planche/config.toml"), mode)
            result = run("info", env={"PLANCHE_CONFIG": self.path("planche/config.toml")},
                         check=2 if refused else 0)
            self.assertEqual("chmod o-w" in result.stderr, refused)
            result = run("info", env={"PLANCHE_CONFIG": "", "XDG_CONFIG_HOME": self.folder}, check=2 if refused else 0)

    def test_who_reads_it(self):
        """Options of books are no mistake where there are none; help is there with any file."""
        self.write("a.png", b"")
        wrong = self.info("on-error='skip'\nmodel = './none.param'", command=(self.path("a.png"),), check=2)
        self.assertIn("none.param", wrong.stderr)
        for command in (("stdio",), ("serve", "--check"), ("bench",), ("cache",), ("models",)):
            self.assert_one_line(self.info("nonsense", command=command, check=2).stderr, "config.toml:1: ")
        for command in (("help", "stdio"), ("--help",), ("serve", "--help"), ("--version",), ("--device", "list")):
            self.info("nonsense", command=command)
        self.assertIn("PLANCHE_MAX_PIXELS=VALUE", self.info("", command=("help", "max-pixels")).stdout)

    def test_contradictions(self):
        """What the command line says leaves out what contradicts it."""
        text = "update = true\nquiet = true\n[serve]\nno-isolate = true\nno-token = true\nlisten='127.0.0.1:1'\n"
        self.write("a.png", b"")
        refused = self.info(text, "--overwrite", command=(self.path("a.png"), "--skip-existing"), check=2)
        self.assertIn("exclude each other", refused.stderr)
        told = self.info(text, "--overwrite", "--dry-run", command=(self.path("a.png"),), check=1)
        self.assertNotIn("exclude each other", told.stderr)
        told = self.info("format = 'png'\nlossless = true\nto = 'epub'\n", "-o", self.path("x.jpg"), "--dry-run",
                         command=(self.path("a.png"),), check=1)
        self.assertNotIn("contradicts", told.stderr)
        token = self.write("token", b"0123456789abcdef0123\n")
        self.info(text, "--check", "--isolate", "--token-file", token, command=("serve",))
        many = self.info(f"[serve]\nlisten = {['127.0.0.1:1'] * 17}\n", "--check", command=("serve",), check=2)
        self.assert_one_line(many.stderr, "config.toml:2: listen has too many values")
        both = self.info(text + "isolate = true\n", "--check", command=("serve",), check=2)
        self.assertIn("--isolate and --no-isolate exclude each other", both.stderr)


class Mistakes(harness.Case):
    def setUp(self):
        super().setUp()
        self.write("a.png", b"")
        self.write("b.png", b"")
        self.write("sub/a.png", b"")

    def refuse(self, *arguments, says=()):
        before = self.files(), self.files("sub")
        result = run(*arguments, cwd=self.folder, check=2)
        self.assertEqual(result.stdout, "")
        self.assert_one_line(result.stderr, *says)
        topic = re.search(r"; see planche (--help|help \S+)$", result.stderr)
        self.assertTrue(topic, result.stderr)
        self.assertIn("planche", run(*topic.group(1).split(), check=0).stdout)
        self.assertEqual((self.files(), self.files("sub")), before)

    def test_options(self):
        self.refuse(says=["no input: name pages, books or folders"])
        self.refuse("--frobnicate", "a.png", says=["--frobnicate"])
        self.refuse("-Z", "a.png", says=["-Z"])
        self.refuse("a.png", "-o", says=["-o"])
        self.refuse("--quiet=1", "a.png", says=["--quiet"])
        for option, values in (("--denoise", ["4", "-2", "x", ""]), ("--scale", ["0", "2x", "-1"]),
                               ("--quality", ["0", "101", "9.5"]), ("--effort", ["0", "10"]),
                               ("--format", ["gif", "", ".png"]), ("--se", ["none", ""]),
                               ("--memory", ["0", "512", "1023K", "-1", "1Q", "M", "0x10", "1e30"]),
                               ("--threads", ["0", "-1", "many"]), ("--jobs", ["0", "65"]),
                               ("--max-pixels", ["0", "-5", "1Q"]), ("--model", [""]),
                               ("--precision", ["fp16", ""]),
                               ("--backend", ["gpu", "", "vulkan:", "vulkan:x", "CPU"]),
                               ("--gpu-memory", ["0", "512", "1023K", "x"]), ("--tile", ["8", "18", "x"]),
                               ("--gpu-path", ["", "cuda"]),
                               ("--cpu-mask", ["sse", "0", "-1", "0x"])):
            for value in values:
                self.refuse(f"{option}={value}", "a.png", says=[option, f"'{value}'"])

    def test_options_of_other_programs(self):
        for option, says in (("-i", "without an option"), ("-t", "--tile"), ("-g", "--backend"),
                             ("-x", "--tta"), ("-c", "--se"), ("-w", "--width"),
                             ("--force", "--overwrite"), ("--no-clobber", "--overwrite"),
                             ("--recursive", "folders"), ("--input", "without an option")):
            self.refuse(option, "a.png", says=[f"unknown option {option}", says])
        self.refuse("serve", "--port", "80", says=["unknown option --port: address and port are --listen"])
        self.refuse("serve", "-p", "80", says=["unknown option -p: address and port are --listen"])
        for every in ("0.0.0.0", "0", "::", "::0", "[::]"):
            self.refuse("serve", "--host", every, says=["where the server listens is said by --listen"])
        self.refuse("worker", "-m", "small", says=["-m, --model, is not an option of planche worker", "help worker"])
        self.refuse("--list-models", says=["planche models lists the models"])

    def test_files_with_dashes(self):
        """A file whose name looks like options, as *.png gives it, is told how to be named."""
        for name in ("-x.png", "-x", "--page.png"):
            self.write(name, b"")
            self.refuse("a.png", name, "b.png", says=[f"{name} is taken as options; name the file ./{name}"])
            os.remove(self.path(name))
            self.refuse("a.png", name, "b.png", says=["unknown option"])

    def test_did_you_mean(self):
        self.refuse("--hegiht", "3", "a.png", says=["did you mean --height?", "help height"])
        self.refuse("--hegiht=3", "a.png", says=["unknown option --hegiht;"])
        self.refuse("--max", "3", "a.png", says=["--max-pixels", "--max-entries"])
        self.refuse("-m", "realcugna", "a.png", says=["did you mean realcugan?"])
        self.refuse("-f", "wepb", "a.png", says=["did you mean webp?"])
        self.refuse("--se", "exakt", "a.png", says=["did you mean exact?"])
        self.write("volume one.cbz", b"")
        self.refuse("b.pgn", says=["b.pgn: there is no such file or folder; did you mean b.png?"])
        self.refuse("sub/A.png", says=["did you mean sub/a.png?"])
        self.refuse("c.png", says=["there is no such file or folder; nothing was done"])
        self.refuse("a.png", "volum one.cbz", "-o", "out/", says=["did you mean volume one.cbz?"])
        self.write("page.png", harness.page())
        for command in (("preview", "paeg.png"), ("compare", "pages.png", "page.png"), ("compare", "page.png", "page")):
            self.assert_one_line(run(*command, cwd=self.folder, check=2).stderr, "; did you mean page.png?")
        self.write("model.param", b"")
        result = run("-m", "moedl.param", "a.png", cwd=self.folder, check=2)
        self.assert_one_line(result.stderr, "did you mean model.param?")
        self.refuse("modles", says=["did you mean the command 'planche models'?"])
        self.refuse("in/x", says=["in/x: there is no such file or folder; nothing was done"])
        self.refuse("fetch", "realcugan", says=["did you mean the command 'planche models fetch'?"])
        self.refuse("download", "realcugan", says=["did you mean the command 'planche models fetch'?"])
        self.refuse("list", says=["did you mean the command 'planche models'?"])
        self.refuse("upscale", "a.png", says=["pages and books need no command: planche FILE..."])
        self.refuse("models", "download", says=["did you mean 'planche models fetch'?"])
        self.refuse("models", "fecth", says=["did you mean 'planche models fetch'?"])
        self.refuse("models", "fetch", "realcugna", says=["did you mean realcugan?"])
        self.refuse("help", "memry", says=["did you mean memory?"])
        self.refuse("help", "-t", says=["no help for '-t'; topics are commands, options and sections"])
        self.refuse("-m", "realesr-animevideov3", "-s", "1", "a.png",
                    says=["has no scale 1; it has 2, 3, 4; see planche help scale"])
        self.refuse("info", "--memory", "1G", says=["not an option of planche info"])

    def test_inputs_that_do_not_exist(self):
        self.refuse("a.png", "out", says=["write -o out"])
        self.refuse("a.png", "out/", says=["write -o out/"])
        os.mkdir(self.path("empty"))
        self.refuse("a.png", "empty", says=["write -o empty"])
        self.refuse("none.png", "a.png", says=["none.png: there is no such file"])
        result = run("a.png", "none.png", "-o", "out/", cwd=self.folder, check=2)
        self.assertNotIn("write -o", result.stderr)

    def test_sub_commands(self):
        self.refuse("models", "frob", says=["no model, file or command 'frob'", "planche models lists"])
        self.refuse("models", "medum", says=["did you mean 'planche models medium'"])
        self.refuse("models", "fetsh", says=["did you mean 'planche models fetch'"])
        self.refuse("--quiet", "info", says=["a command comes before its options: planche info"])
        self.refuse("infp", says=["did you mean the command 'planche info'"])
        self.refuse("info", "frob", says=["frob"])
        self.refuse("stdio", "frob", says=["frob"])
        self.refuse("help", "frob", says=["frob"])
        self.refuse("models", "fetch", "nope", says=["nope"])
        self.refuse("models", "fetch", "realcugan:9", says=["realcugan"])
        self.refuse("models", "fetch", "realcugan:2:9", says=["realcugan:2:9"])
        self.refuse("models", "fetch", "realcugan:", says=["realcugan:"])
        self.refuse("models", "fetch", "--all", "realcugan", says=["--all"])
        self.refuse("models", "--memory", "1G", says=["--memory"])

    def test_models(self):
        self.refuse("-m", "nope", "a.png", says=["nope", "realcugan"])
        self.refuse("-s", "65", "a.png", says=["65"])
        self.refuse("-s", "auto", "a.png", says=["--fit", "--width"])
        self.refuse("--device", "kobo-libra", "a.png", says=["kobo-libra"])
        self.refuse("-m", "realesrgan-x4plus", "-n", "2", "a.png", says=["realesrgan-x4plus"])
        self.refuse("-m", "waifu2x-cunet", "-s", "1", "-n", "-1", "a.png", says=["waifu2x-cunet"])
        self.refuse("-m", "my.param", "-n", "0", "a.png", says=["denoise"])

    def test_outputs(self):
        self.refuse("a.png", "b.png", "-o", "out.webp", says=["out.webp", "2 inputs"])
        self.refuse("a.png", "-o", "out.gif", says=["out.gif", "-f"])
        self.refuse("a.png", "-f", "png", "-o", "out.jpg", says=["out.jpg", "png"])
        self.refuse("a.png", "sub/a.png", "-o", "out/", says=["a.png", "sub/a.png", "out/a.webp"])
        self.refuse("a.png", "./a.png", says=["./a.png"])
        self.refuse("a.png", "--overwrite", "-o", "a.png", says=["a.png is an input"])
        self.refuse("a.png", "b.png", "--overwrite", "-f", "png", "-o", ".", says=["is an input"])
        os.link(self.path("b.png"), self.path("same.png"))
        self.refuse("b.png", "--overwrite", "-o", "same.png", says=["same.png is an input"])
        self.refuse("a.png", "-", says=["- takes one page"])
        self.refuse("a.png", "b.png", "-o", "-", says=["-o - takes one page"])
        self.refuse("sub", "-o", "-", says=["is a book or a folder"])
        self.refuse("-", "-o", "out/", says=["name the file"])
        self.refuse("-", "--json", says=["leave out --json"])
        self.refuse("-", "-o", "-", "--progress", "json", says=["leave out --progress json"])
        self.refuse("-", "--to", "cbz", says=["--to is for books"])
        self.refuse("-", "-f", "png", "-o", "out.jpg", says=["-f png contradicts"])
        self.refuse("a.png", "--lossless", "-o", "b.jpg", says=["--lossless", "webp"])
        self.refuse("", says=["empty"])

    def test_names_with_control_characters(self):
        result = run("evil\033[2Jname", "-o", "x\ny.gif", cwd=self.folder, check=2)
        self.assertNotIn("\033", result.stderr)
        self.assert_one_line(result.stderr)
        # One odd name is no reason to do nothing of a folder.
        for name in ("1.png", "2\n.png", "3\x1b.png"):
            self.write("in/" + name, harness.page(4, 4))
        result = run("in", "-o", "out", "--to", "folder", "--quiet", "-m", "small", cwd=self.folder, check=0)
        self.assertNotIn("\033", result.stderr)
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["1.webp", "2 .webp", "3?.webp"])


if __name__ == "__main__":
    harness.main()
