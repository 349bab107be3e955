# SPDX-License-Identifier: MIT
"""A real browser for tests: Chromium, through the WebDriver of chromedriver."""
import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import harness

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"left": "\ue012", "right": "\ue014", "page_down": "\ue00f", "escape": "\ue00c", "tab": "\ue004",
        "enter": "\ue007"}


def need():
    """For setUpClass: skips where there is no browser."""
    for name in ("chromium", "chromedriver"):
        if not shutil.which(name):
            print(f"***** SKIPPED for want of {name} (scripts/setup.sh browser)", flush=True)
            harness.lacking.append(name)
            raise unittest.SkipTest(f"there is no {name}; install it with: scripts/setup.sh browser")


class Failed(Exception):
    """What the driver answered."""


class Browser:
    """A headless browser of a size, with a folder for all that it writes."""

    def __init__(self, folder, width=1100, height=900, language="en"):
        self.downloads = os.path.join(folder, "downloads")
        os.makedirs(self.downloads)
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder, "TMPDIR": folder, "LANGUAGE": language})
        self.session = None
        try:
            self.port = self.read_port()
            self.begin(folder, width, height, language)
        except BaseException:
            self.end()
            raise

    def read_port(self):
        for line in self.driver.stdout:
            found = re.search(rb"successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        raise Failed("chromedriver did not start")

    def begin(self, folder, width, height, language):
        options = {
            "binary": shutil.which("chromium"),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run",
                     "--force-device-scale-factor=1", f"--lang={language}", f"--window-size={width},{height}",
                     f"--user-data-dir={folder}/profile"],
            "prefs": {"download.default_directory": self.downloads, "intl.accept_languages": language,
                      "credentials_enable_service": False},
        }
        answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
            "unhandledPromptBehavior": "accept"}}})
        self.session = answer["sessionId"]

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=harness.MARGIN_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Failed(f"{path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def do(self, path, body=None, method="POST"):
        return self.ask(method, f"/session/{self.session}{path}", {} if body is None and method == "POST" else body)

    def open(self, url):
        self.do("/url", {"url": url})

    def run(self, script, *arguments):
        """The value of a function's body in the page; a promise's, once there is one."""
        return self.do("/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.do("/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.do(f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.do(f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, *keys):
        """Keys, for what has the focus."""
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.do("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def choose(self, selector, value):
        """A choice of a list, as if by hand."""
        self.run("const field = document.querySelector(arguments[0]); field.value = arguments[1];"
                 "field.dispatchEvent(new Event('change', {bubbles: true}));", selector, value)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? '';", selector)

    def wait(self, condition, *arguments):
        """Until an expression in the page is true; its value."""
        end = time.monotonic() + harness.MARGIN_SECONDS
        while time.monotonic() < end:
            value = self.run(f"return {condition};", *arguments)
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"never: {condition}; the page says: {self.text('main')}; {self.log()}")

    def resize(self, width, height):
        """The size of what is seen of a page."""
        self.do("/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}})

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.do("/screenshot", method="GET")))

    def log(self):
        """What the page's console says."""
        return [entry["message"] for entry in self.do("/se/log", {"type": "browser"})]

    def end(self):
        try:
            if self.session:
                self.do("", method="DELETE")
        except (Failed, OSError):
            pass
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()
