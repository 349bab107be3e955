# SPDX-License-Identifier: MIT
"""planche serve against what is done to it: pages in processes of their own."""
import glob
import os
import signal
import subprocess
import time

import harness
import server
import test_serve


class Isolation(test_serve.Serve):
    """Pages are decoded in processes of their own, which nothing but their page depends on."""

    def isolated(self, *arguments, **more):
        running = self.serve(*arguments, **more)
        if not running.status()["isolated"]:
            self.skipTest("the kernel has no filters for system calls")
        return running

    def children(self, running, least=1):
        """Processes that wait for a page."""
        end = time.monotonic() + harness.MARGIN_SECONDS
        path = f"/proc/{running.process.pid}/task"
        while time.monotonic() < end:
            found = []
            for thread in os.listdir(path):
                with open(f"{path}/{thread}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
            if len(found) >= least:
                return found
            time.sleep(0.01)
        raise AssertionError(f"{least} were expected: {found}")

    def test_bytes_are_the_same(self):
        isolated, plain = self.isolated(), self.serve("--no-isolate")
        self.assertIs(plain.status()["isolated"], False)
        answers = [running.post("/v1/upscale", self.page) for running in (isolated, plain)]
        self.assertEqual(answers[0].status, 200)
        self.assertEqual(answers[0].body, answers[1].body)
        self.assertEqual(answers[0].fields["etag"], answers[1].fields["etag"])
        self.assertEqual(self.children(plain, 0), [])
        self.assertTrue(self.children(isolated))

    def test_a_process_that_hangs_or_dies_costs_its_page(self):
        running = self.isolated()
        form, kind = server.form(self.page)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)
        for child in self.children(running):
            os.kill(child, signal.SIGSTOP)
        late = running.post("/suwayomi?deadline_ms=200", form, content_type=kind)
        self.assertEqual((late.status, late.body), (200, self.page))
        self.assertEqual(late.fields["x-planche-result"], "original; reason=deadline")
        running.wait_for_status(lambda s: s["pages"]["running"] == 0)
        for path, body, fields in (("/v1/upscale", self.page, {}),
                                   ("/suwayomi", form, {"content_type": kind})):
            for child in self.children(running):
                os.kill(child, signal.SIGSTOP)
            with running.connect() as c:
                c.send(c.request(path, "POST", body, **fields))
                running.wait_for_status(lambda s: s["pages"]["running"] == 1)
                time.sleep(0.1)
                for child in self.children(running):
                    os.kill(child, signal.SIGKILL)
                answer = c.answer()
            if path == "/suwayomi":
                self.assertEqual((answer.status, answer.body), (200, self.page))
            else:
                self.problem(answer, 500)
                self.assertNotIn(b"planche-decode", answer.body)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)

    def test_where_it_cannot_be_done(self):
        missing = {"PLANCHE_DECODE": "/nowhere/planche-decode"}
        running = self.serve(env=missing)
        running.wait_for_line("pages are decoded in the server's process")
        self.assertIs(running.status()["isolated"], False)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)
        for arguments, env, says in ((["--isolate"], missing, "/nowhere/planche-decode"),
                                     (["--isolate", "--no-isolate"], {}, "exclude each other")):
            result = subprocess.run([harness.PLANCHE, "serve", "--listen", "127.0.0.1:0",
                                     *arguments], env={**os.environ, **env}, text=True,
                                    capture_output=True, check=False)
            self.assertEqual(result.returncode, 3 if env else 2)
            self.assertIn(says, result.stderr)

class Idle(test_serve.Serve):
    def test_memory_with_a_driver(self):
        """Drivers are asked when the first page comes, and nobody who asks else waits for that."""
        drivers = glob.glob("/usr/share/vulkan/icd.d/lvp_icd*.json")
        if not drivers or os.environ.get("SANITIZED"):
            self.skipTest("there is no driver, or memory is a sanitizer's")
        with_driver = {"VK_DRIVER_FILES": drivers[0], "VK_ICD_FILENAMES": drivers[0]}
        running = self.serve("--backend", "auto", env=with_driver)
        self.assertEqual(running.get("/healthz").status, 200)
        self.assertLess(running.resident(), 40e6)
        with running.connect() as first, running.connect() as second:
            for connection in (first, second):
                connection.send(connection.request("/v1/upscale", "POST", self.page))
            self.assertEqual(running.get("/healthz").status, 200)
            for connection in (first, second):
                self.assertEqual(connection.answer().status, 200)


if __name__ == "__main__":
    harness.main()
