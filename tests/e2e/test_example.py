# SPDX-License-Identifier: MIT
"""The program of examples/ does what its comment says."""
import os
import subprocess

import files
import harness

EXAMPLE = os.environ["EXAMPLE_ENLARGE"]


class Example(harness.Case):
    model = True

    def test_enlarges(self):
        result = harness.run(harness.QUICK_MODEL, program=EXAMPLE, stdin=harness.page(), text=False,
                             check=0)
        image = files.Webp(result.stdout)
        self.assertEqual((image.width, image.height), (96, 128))
        self.write("a.png", harness.page())
        self.planche("a.png", "--no-mark", "-o", "a.webp")
        self.assertEqual(result.stdout, self.read("a.webp"))

    def test_says_what_is_wrong(self):
        result = harness.run(harness.QUICK_MODEL, program=EXAMPLE, stdin=b"not an image", check=1)
        self.assertEqual(result.stdout, "")
        self.assertTrue(result.stderr)
        harness.run("nope", program=EXAMPLE, stdin=harness.page(), check=1)
        result = harness.run(program=EXAMPLE, stdin=bytes(64 << 20), check=1)
        self.assertIn("64 MiB or more", result.stderr)
        with open("/dev/full", "wb") as full:
            result = subprocess.run([*harness.WRAPPER, EXAMPLE, harness.QUICK_MODEL], input=harness.page(8, 8),
                                    stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"standard output cannot be written: No space left on device", result.stderr)


if __name__ == "__main__":
    harness.main()
