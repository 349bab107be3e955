#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual of the library: every public name has a page that says what the header says."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

GENERATOR, MAP, TEMPLATE, *HEADERS = sys.argv[1:]


def words(text):
    """Letters and digits alone: what is left of a text however it is laid out."""
    return re.sub(r"\W+", " ", re.sub(r"\\[&e]", "", text)).strip()


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        subprocess.run([sys.executable, "-B", GENERATOR, "1.2.3", TEMPLATE, cls.folder + "/man3", *HEADERS],
                       check=True)

    def test_folder_below_destdir(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, made in (("/man3", "/stage/man3"), ("man3", "/stage/usr/man3")):
                subprocess.run([sys.executable, "-B", GENERATOR, "1.2.3", TEMPLATE, path, HEADERS[0]], check=True,
                               env={**os.environ, "DESTDIR": folder + "/stage",
                                    "MESON_INSTALL_DESTDIR_PREFIX": folder + "/stage/usr"})
                self.assertTrue(os.path.exists(f"{folder}{made}/planche.3"), made)

    def page(self, name):
        with open(f"{self.folder}/man3/{name}.3", encoding="utf-8") as file:
            text = file.read()
        link = re.fullmatch(r"\.so man3/(\w+)\.3\n", text)
        return self.page(link[1]) if link else text

    def test_every_function_has_a_page_with_its_prototype(self):
        with open(MAP, encoding="utf-8") as file:
            names = re.findall(r"^    (planche_\w+);", file.read(), re.M)
        self.assertGreater(len(names), 50)
        for name in names:
            self.assertIn(f".Fo {name}\n", self.page(name))

    def test_comments_of_prototypes_are_there(self):
        count = 0
        for header in HEADERS:
            with open(header, encoding="utf-8") as file:
                found = re.findall(r"/\*((?:(?!\*/).)*)\*/\nPLANCHE_API[^;]*?(planche_\w+)\(", file.read(), re.S)
            for comment, name in found:
                count += 1
                text = words(re.sub(r"\n \* ?", "\n", comment))
                page = words(re.sub(r"^\.(?:Pp|It|El|Bl -dash)$", "", self.page(name), flags=re.M))
                self.assertIn(text, page, name)
        self.assertGreater(count, 40)

    def test_structs_show_their_fields(self):
        page = self.page("planche_engine_options")
        self.assertIn("    uint64_t memory;", page)
        self.assertIn("PLANCHE_ENGINE_OPTIONS_INIT", page)
        self.assertIn(".Fo planche_engine_options_init", page)

    def test_apropos_finds_every_page(self):
        for path in glob.glob(self.folder + "/man3/*.3"):
            name = os.path.basename(path)[:-2]
            self.assertRegex(self.page(name), rf"(?s)\.Sh NAME\n.*\.Nm {name}( ,)?\n.*\.Nd \S.*\n\.Sh LIB")

    def test_references_lead_to_pages(self):
        for path in glob.glob(self.folder + "/man3/*.3"):
            with open(path, encoding="utf-8") as file:
                for name in re.findall(r"^(?:\.It )?\.?Xr (\w+) 3", file.read(), re.M):
                    self.assertTrue(os.path.exists(f"{self.folder}/man3/{name}.3"), f"{path}: {name}")

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_groff_has_no_warnings(self):
        pages = sorted(glob.glob(self.folder + "/man3/*.3"))
        found = subprocess.run(["groff", "-mandoc", "-ww", "-Wbreak", "-Kutf8", "-Tutf8", "-z", *pages], cwd=self.folder,
                               stderr=subprocess.PIPE, text=True, check=True).stderr
        self.assertEqual(found, "")


unittest.main(argv=sys.argv[:1])
