#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/setup.sh on systems other than Debian: it installs nothing, and says what to install, by the names there.

setup.py SETUP.SH"""
import os
import subprocess
import sys
import tempfile
import unittest

SETUP = sys.argv[1]
SYSTEMS = {"fedora": ("ID=fedora", "dnf install", "libjpeg-turbo-devel"),
           "rocky": ('ID="rocky"\nID_LIKE="rhel centos fedora"', "dnf install", "libjpeg-turbo-devel"),
           "arch": ("ID=arch", "pacman -S --needed", "openjpeg2"),
           "alpine": ("ID=alpine", "apk add", "openjpeg-dev"),
           "tumbleweed": ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', "zypper install", "libjpeg8-devel"),
           "nixos": ("ID=nixos", "These are Debian's names", "libjpeg-dev")}


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        # A system without any of it: a PATH with nothing but what the script itself needs.
        for name in ("sh", "awk", "dirname", "grep", "ls", "sort", "tr"):
            path = next(os.path.join(part, name) for part in os.environ["PATH"].split(":") + ["/usr/bin", "/bin"]
                        if os.access(os.path.join(part, name), os.X_OK))
            os.symlink(path, os.path.join(self.folder, name))

    def run_setup(self, release, *purposes):
        path = os.path.join(self.folder, "os-release")
        with open(path, "w", encoding="ascii") as file:
            file.write(release + "\n")
        return subprocess.run(["sh", SETUP, *purposes], capture_output=True, text=True, check=False,
                              env={"PATH": self.folder, "OS_RELEASE": path})

    def test_what_to_install_elsewhere(self):
        for name, (release, command, package) in SYSTEMS.items():
            with self.subTest(name):
                found = self.run_setup(release, "build")
                self.assertEqual(found.returncode, 1, found.stderr)
                self.assertIn("Planche needs these packages:", found.stdout)
                self.assertIn(command, found.stderr)
                self.assertIn(f" {package} ", found.stdout + found.stderr)
                self.assertNotIn("(Debian)", found.stderr)
                self.assertNotIn("these of Debian", found.stderr)
                self.assertTrue(found.stderr.endswith("Then try again.\n"))

    def test_table_has_every_package_of_builds_and_tests(self):
        found = self.run_setup("ID=arch", "build", "test", "models")
        self.assertNotIn("these of Debian", found.stderr)

    def test_packages_without_a_name_are_on_a_line_of_their_own(self):
        found = self.run_setup("ID=fedora", "build", "proxies")
        lines = found.stderr.splitlines()
        self.assertRegex(lines[0], "^Install them with: sudo dnf install .*gcc")
        self.assertRegex(lines[1], "^And what corresponds to these of Debian: .*nginx-light")
        self.assertNotIn("Debian", lines[0])
        self.assertNotIn("nginx", lines[0])

    def test_rows_are_complete(self):
        with open(os.path.join(os.path.dirname(SETUP), "packages.tsv"), encoding="ascii") as file:
            for row in file:
                self.assertTrue(row.startswith("#") or row.count("\t") == 4, row)


unittest.main(argv=sys.argv[:1])
