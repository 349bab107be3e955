# SPDX-License-Identifier: MIT
"""What becomes of results beside their pixels: marks."""
import hashlib
import json

import files
import harness


class Marks(harness.Case):
    model = True

    def test_results_say_what_they_were_made_from(self):
        page = harness.page()
        self.write("a.png", page)
        digest = hashlib.sha256(page).hexdigest().encode()
        for name in ("b.png", "b.jpg", "b.webp"):
            self.planche("a.png", "-o", name)
            self.assertIn(b'planche:Source="' + digest + b'"', self.read(name))
            self.planche("a.png", "-o", name, "--no-mark", "--overwrite")
            self.assertNotIn(b"planche", self.read(name))

    def test_marked_pages_are_left_alone(self):
        self.write("a.png", harness.page(20, 16))
        self.planche("a.png", "-o", "b.webp")
        result = self.planche("b.webp", "a.png", "-o", "out/", "--json")
        self.assertIn("b.webp: left alone", result.stderr)
        pages = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([(p["status"], p["output"], p["error"]) for p in pages],
                         [("marked", None, None), ("ok", "out/a.webp", None)])
        self.assertEqual(self.files("out"), ["a.webp"])
        self.assertEqual(self.planche("b.webp", "-o", "out/", "--quiet").stderr, "")
        self.planche("b.webp", "-o", "out/", "--again")
        self.assertEqual(files.Webp(self.read("out/b.webp")).width, 80)


if __name__ == "__main__":
    harness.main()
