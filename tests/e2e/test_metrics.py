# SPDX-License-Identifier: MIT
"""planche serve: /metrics, the dashboard and the alerts made from it, logs without secrets."""
import base64
import json
import os
import re
import shutil
import subprocess
import unittest

import harness
import prometheus
import server

SOURCE = os.path.join(os.path.dirname(__file__), "..", "..")
PACKAGING = os.path.join(SOURCE, "packaging")
PROMTOOL = shutil.which("promtool")
need_promtool = unittest.skipUnless(PROMTOOL, "no promtool (Debian's package prometheus)")
SECRET = "s3cr3t-Value.Of-A-Key"


def table():
    """The families of metrics.def: names, kinds and labels."""
    with open(os.path.join(SOURCE, "tools/planche/metrics/metrics.def"), encoding="utf-8") as file:
        rows = re.findall(r'^FAMILY\(\w+, (\w+), "(\w+)", "([\w,]*)",\s+"', file.read(), re.M)
    return {name: (kind, labels.split(",") if labels else []) for kind, name, labels in rows}


def promtool(*arguments, **more):
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, **more)


class Metrics(harness.Case):
    model = True

    def scrape(self, running, **fields):
        answer = running.get("/metrics", **fields)
        self.assertEqual((answer.status, answer.fields["content-type"]),
                         (200, "text/plain; version=0.0.4; charset=utf-8"))
        return answer.body, prometheus.parse(answer.body)

    def test_counts(self):
        """Each figure moves with what it counts; the families are those of the table."""
        page, other = harness.page(32, 40), harness.page(32, 40, seed=2)
        running = server.Server(self, "--cache", self.path("results"), "-f", "png", cache=True)
        _, before = self.scrape(running)
        self.assertEqual(before["planche_pages_total"].get(result="upscaled"), 0)
        self.assertEqual(before["planche_http_requests_total"].get(
            route="/v1/upscale", method="POST", code="200"), 0)
        made = running.post("/v1/upscale", page)
        running.wait_for_status(lambda _: b"stores_total 1" in running.get("/metrics").body)
        running.post("/v1/upscale", page)
        running.post("/v1/upscale", page, if_none_match=made.fields["etag"])
        self.assertEqual(running.post("/v1/upscale", b"no page").status, 415)
        self.assertEqual(running.post("/suwayomi?nothing=1", other).body, other)
        self.assertEqual(running.get("/no/such/path", "BREW").status, 404)
        with running.connect() as c:
            c.send(b"nothing that is HTTP\r\n\r\n")
            self.assertEqual(c.answer().status, 400)
        text, after = self.scrape(running)
        pages = after["planche_pages_total"]
        for result, count in (("upscaled", 1), ("cached", 1), ("unchanged", 1), ("error", 1),
                              ("original", 1)):
            self.assertEqual(pages.get(result=result), count, result)
        self.assertEqual(pages.get(result="upscaled", device="cpu", scale="2"), 1)
        requests = after["planche_http_requests_total"]
        for route, method, code, count in (("/v1/upscale", "POST", "200", 2),
                                           ("/v1/upscale", "POST", "304", 1),
                                           ("/v1/upscale", "POST", "415", 1),
                                           ("/suwayomi", "POST", "200", 1),
                                           ("other", "other", "404", 1),
                                           ("other", "other", "400", 1)):
            self.assertEqual(requests.get(route=route, method=method, code=code), count, route)

        def value(name, suffix="", /, **labels):
            return after[name].get(suffix, **labels)
        self.assertEqual(value("planche_originals_total", reason="parameters"), 1)
        self.assertEqual(value("planche_pages_failed_total"), 1)
        self.assertEqual(value("planche_cache_requests_total", result="hit"), 1)
        self.assertEqual(value("planche_cache_stores_total"), 1)
        self.assertEqual(value("planche_cache_files"), 1)
        self.assertGreater(value("planche_cache_bytes"), len(made.body))
        for stage in ("queue", "decode", "network", "encode"):
            self.assertEqual(value("planche_page_stage_seconds", "_count", stage=stage), 1)
        self.assertEqual(value("planche_http_request_duration_seconds", "_count",
                               route="/v1/upscale"), 4)
        self.assertEqual(value("planche_input_pixels_total"), 32 * 40)
        self.assertEqual(value("planche_output_bytes_total", format="png"), len(made.body))
        self.assertEqual(value("planche_http_request_bytes_total"),
                         3 * len(page) + len(b"no page") + len(other))
        self.assertEqual(value("planche_engines_loaded"), 1)
        self.assertEqual(value("planche_engine_loads_total", result="ok"), 1)
        self.assertEqual(value("planche_engine_load_seconds", "_count"), 1)
        self.assertGreater(value("planche_memory_used_bytes", part="engines"), 10000)
        self.assertGreater(value("planche_memory_peak_bytes", part="bodies"), 0)
        self.assertEqual(value("planche_http_requests_in_flight"), 1)
        self.assertEqual(value("planche_http_connections"), 1)
        self.assertEqual(value("planche_queue_limit_pages"), 32)
        self.assertEqual(value("planche_metrics_lost_total"), 0)
        self.assertGreater(value("process_resident_memory_bytes"), 1 << 20)
        self.assertAlmostEqual(value("process_resident_memory_bytes"), running.resident(),
                               delta=8 << 20)
        rows = table()
        self.assertEqual(list(after), list(rows))  # all of them, in order
        kinds = {"SECONDS": "counter"}
        for name, (kind, labels) in rows.items():
            self.assertEqual(after[name].type, kinds.get(kind, kind.lower()), name)
            for _, pairs in after[name].samples:
                self.assertEqual([label for label, _ in pairs if label != "le"], labels, name)
        self.check_by_promtool(text)

    def check_by_promtool(self, text):
        if PROMTOOL:
            result = promtool("check", "metrics", input=text.decode())
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        else:
            print("no promtool (Debian's package prometheus): its check is left out", flush=True)

    def test_queue(self):
        """Pages that wait and run, and those that are given up."""
        running = server.Server(self, "--threads", "1", "--jobs", "1")
        page = harness.page(120, 120)
        waiting = [running.connect() for _ in range(3)]
        for seed, c in enumerate(waiting):
            self.addCleanup(c.close)
            c.send(c.request("/v1/upscale?tta=true&priority=normal", "POST",
                             harness.page(200, 200, seed=seed) if seed == 0 else page + bytes(seed)))
        running.wait_for_status(lambda s: s["queue"]["prefetch"] == 2 or s["pages"]["made"] > 0)
        _, now = self.scrape(running)
        queued = now["planche_queue_pages"].get(**{"class": "prefetch"})
        busy = now["planche_workers"].get(state="busy")
        self.assertEqual(busy + now["planche_workers"].get(state="idle"), 1)
        self.assertEqual(now["planche_queue_oldest_seconds"].get() > 0, queued > 0)
        self.assertEqual(now["planche_oldest_page_seconds"].get() > 0, busy > 0)
        for c in waiting:
            c.close()
        running.wait_for_status(lambda s: s["pages"]["running"] == 0 and s["queue"]["prefetch"] == 0)
        _, now = self.scrape(running)
        done = running.status()["pages"]
        self.assertEqual(now["planche_cancelled_total"].get(), done["cancelled"])
        self.assertEqual(now["planche_http_requests_in_flight"].get(), 1)

    def test_bounded(self):
        """What clients send makes no labels, and the page is for who has the token."""
        running = server.Server(self, "--token-file", self.write("token", SECRET.encode()))
        self.assertEqual(running.get("/metrics").status, 401)
        self.assertEqual(running.get("/metrics?token=" + SECRET).status, 401)
        own = {"authorization": "Bearer " + SECRET}
        with running.connect() as c:
            c.ask("/a", "M", **own)
            count = c.ask("/metrics", **own).body.count(b"\n")
            for i in range(300):
                c.send(c.request(f"/p{i}?q{i}={i}", f"M{i}", x_request_id=f"i{i}",
                                 user_agent=f"u{i}", **own))
            for i in range(300):
                self.assertEqual(c.answer().status, 404)
            self.assertEqual(c.ask("/metrics", **own).body.count(b"\n"), count)
            body = c.ask("/metrics", **own).body
        self.assertNotIn(SECRET.encode(), body)
        self.assertNotIn(b"cache_", re.sub(b"#.*", b"", body))  # there is none

    def test_parser(self):
        """It finds what is wrong."""
        head = b"# HELP a_total x\n# TYPE a_total counter\n"
        prometheus.parse(head + b'a_total{l="\\"\\\\\\n,}",m=""} 1\na_total{l="",m=""} 2.5\n')
        histogram = b"# HELP h x\n# TYPE h histogram\n"
        prometheus.parse(histogram + b'h_bucket{le="1"} 0\nh_bucket{le="+Inf"} 2\nh_sum 4\nh_count 2\n')
        for wrong in (head + b"a_total 1", head + b"a_total 1\r\n", head + b"a_total 1\n\n",
                      head + b"a_total x\n", head + b"a_total -1\n", head + b"b_total 1\n",
                      head + b'a_total{l="1",l="2"} 1\n', head + b"a_total{l=1} 1\n",
                      head + b'a_total{l="1",} 1\n', head + b'a_total{l="\\x"} 1\n',
                      head + b"a_total 1\na_total 2\n", head + b"a_total{} 1\n", head,
                      head + b'a_total 1\na_total{l="1"} 2\n', b"a_total 1\n",
                      head + head + b"a_total 1\n", b"# TYPE a_total counter\na_total 1\n",
                      b"# HELP a x\n# TYPE a counter\na 1\n",
                      b"# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
                      b"# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n",
                      histogram + b'h_bucket{le="1"} 0\nh_sum 4\nh_count 0\n',
                      histogram + b'h_bucket{le="1"} 3\nh_bucket{le="+Inf"} 2\nh_sum 4\nh_count 2\n',
                      histogram + b'h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\n'
                      b"h_sum 4\nh_count 2\n",
                      histogram + b'h_bucket{le="+Inf"} 2\nh_sum 4\nh_count 3\n',
                      histogram + b'h_bucket{le="+Inf"} 2\nh_count 2\n'):
            with self.assertRaises(ValueError, msg=wrong):
                prometheus.parse(wrong)


class Packages(unittest.TestCase):
    """What is in packaging/ uses figures that there are."""

    def check_query(self, query):
        rows = table()
        names = {}
        for name, (kind, labels) in rows.items():
            parts = ("_bucket", "_sum", "_count") if kind == "HISTOGRAM" else ("",)
            for part in parts:
                names[name + part] = set(labels) | {"instance", "job"} | \
                    ({"le"} if part == "_bucket" else set())
        used = re.findall(r"\b((?:planche|process)_\w+)(\{[^}]*\})?", query)
        self.assertTrue(used, query)
        known = set()
        for name, selector in used:
            self.assertIn(name, names, query)
            known |= names[name]
            for label in re.findall(r"(\w+)\s*[=!]~?\"", selector):
                self.assertIn(label, names[name], query)
            if names[name] and rows.get(name, ("", ""))[0] in ("COUNTER", "SECONDS"):
                self.assertRegex(query, r"(rate|increase)\([^()]*" + name, query)
        for group in re.findall(r"\b(?:by|without) \(([^)]*)\)", query):
            self.assertLessEqual({label.strip() for label in group.split(",")}, known, query)

    def test_dashboard(self):
        with open(os.path.join(PACKAGING, "grafana/planche.json"), encoding="utf-8") as file:
            board = json.load(file)
        places, queries = set(), []
        for panel in board["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(places & cells, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24)
            places |= cells
            for target in panel["targets"]:
                self.assertIn("$instance", target["expr"])
                queries.append(target["expr"])
                for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                    self.assertRegex(target["expr"], rf"by \([^)]*\b{label}\b", target)
        self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
        for variable in board["templating"]["list"][1:]:
            self.check_query(variable["query"].replace("label_values(", "max("))
        for query in queries:
            self.check_query(query)
        if PROMTOOL:  # the grammar, too
            filled = [re.sub(r"\$__rate_interval", "1m", query) for query in queries]
            rules = {"groups": [{"name": "g", "rules": [
                {"record": f"r{i}", "expr": query} for i, query in enumerate(filled)]}]}
            result = promtool("check", "rules", "/dev/stdin", input=json.dumps(rules))
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_queries_are_checked(self):
        for wrong in ("planche_nothing", 'planche_pages_total{result="x"}', "1",
                      'rate(planche_pages_total{route="x"}[1m])', "planche_page_stage_seconds",
                      "sum by (route) (planche_queue_pages)"):
            with self.assertRaises(AssertionError, msg=wrong):
                self.check_query(wrong)

    def test_alerts(self):
        with open(os.path.join(PACKAGING, "prometheus/planche.rules.yml"),
                  encoding="utf-8") as file:
            text = file.read()
        rules = re.findall(r"- alert: (\w+)\n\s+expr: (?:>-\n\s+)?((?:.*\n)+?)\s+(?:for|labels):", text)
        self.assertEqual(len(rules), 5)
        for _, query in rules:
            self.check_query(query)

    @need_promtool
    def test_promtool(self):
        folder = os.path.join(PACKAGING, "prometheus")
        for command in (("check", "rules", "planche.rules.yml"),
                        ("test", "rules", "planche.rules.test.yml"),
                        ("check", "config", "prometheus.yml")):
            result = promtool(*command, cwd=folder)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


def read_logfmt(line):
    """A dictionary; ValueError: it is none."""
    values, at = {}, 0
    while at < len(line):
        match = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^ ="\\]+)( |$)').match(line, at)
        if not match or match.group(1) in values:
            raise ValueError(line)
        value = match.group(2)
        values[match.group(1)] = json.loads(value) if value[0] == '"' else value
        at = match.end()
    return values


class Logs(harness.Case):
    model = True
    READERS = {"json": json.loads, "logfmt": read_logfmt}

    def ask_for_it(self, running, token):
        """Sends a secret in every way that clients have, right and wrong."""
        basic = base64.b64encode(f"reader:{token}".encode()).decode()
        page = harness.page(16, 16)
        for path in (f"/v1/status?token={token}", f"/v1/status?apiKey={token}",
                     f"/v1/models?token={token}&apiKey={token}", f"/opds/{token}/series",
                     f"/api/opds/{token}/image?pageNumber=1", f"/{token}", f"/metrics?key={token}",
                     f"http://user:{token}@localhost/healthz", f"/healthz#{token}",
                     f"/%zz{token}", f"/v1/status;token={token}"):
            for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
                try:
                    running.get(path, method)
                except server.Closed:
                    self.assertEqual(method, "HEAD")  # the answer to what is no request has a body
        with running.connect() as c:
            for name in ("authorization", "proxy_authorization", "cookie", "x_api_key", "x_auth_token",
                         "referer", "user_agent", "x_planche_session", "x_request_id"):
                for value in (token, f"Bearer {token}", f"Basic {basic}", f"token={token}",
                              f"http://u:{token}@h/opds/{token}/"):
                    self.assertIn(c.ask("/v1/status", **{name: value}).status, (200, 401))
            own = {"authorization": f"Bearer {token}"}
            for query in (f"token={token}", f"apiKey={token}", f"token%3D{token}", f"model={token}",
                          f"token={token}&scale=x", f"apiKey%3d{token}=1", f"key:{token}"):
                for route in ("/v1/upscale", "/suwayomi", "/api"):
                    running.post(f"{route}?{query}", page, **own)
            body, kind = server.form(page, "file", token, more=[("apiKey", token), ("model", token)])
            running.post("/v1/upscale", body, content_type=kind, **own)
        for head in (f"{token} / HTTP/1.1\r\nHost: localhost\r\n\r\n", f"GET /{token}\r\n\r\n",
                     f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization : {token}\r\n\r\n",
                     f"GET / HTTP/1.1\r\nHost: {token}\r\nX-Request-Id: a\x01{token}\r\n\r\n",
                     f"GET /{token * 500} HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            with running.connect() as c:
                c.send(head.encode())
                c.answer()

    def test_secrets(self):
        for style, read in self.READERS.items():
            running = server.Server(self, "--token-file", self.write("token", SECRET.encode()),
                                    "--log-level", "debug", "--log-format", style,
                                    "--cache", self.path("results"), cache=True)
            self.ask_for_it(running, SECRET)
            text = running.get("/metrics", authorization=f"Bearer {SECRET}").body.decode()
            self.assertEqual(running.stop(), 0)
            log = "".join(running.lines)
            self.assertGreater(log.count("msg=request" if style == "logfmt" else '"request"'), 100)
            for secret in (SECRET, base64.b64encode(f"reader:{SECRET}".encode()).decode(),
                           SECRET[2:-2]):
                self.assertNotIn(secret, log)
                self.assertNotIn(secret, text)
            for line in running.lines:
                self.assertIn("level", read(line.rstrip("\n")))
            names = [name for _, _, files in os.walk(self.path("results")) for name in files]
            self.assertFalse([name for name in names if SECRET in name])

    def test_foreign_secrets(self):
        """The same of keys that the server does not know."""
        running = server.Server(self, "--log-level", "debug")
        key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
        for query in (f"apiKey={key}", f"apiKey%3D{key}", f"token%3D{key}=2", f"a%26apiKey%3D{key}",
                      f"Authorization%3A+Bearer+{key}", f"x%2Fopds%2F{key}%2Fy",
                      f"http:%2F%2Fme:{key}@host", f"password%3A%20{key}"):
            running.post(f"/suwayomi?{query}", harness.page(16, 16))
        self.assertEqual(running.stop(), 0)
        log = "".join(running.lines)
        self.assertEqual(log.count("level=warn"), 8)
        self.assertNotIn(key, log)

    def test_lines(self):
        """One line a request, with what is known of it; ids; levels."""
        for style, read in self.READERS.items():
            running = server.Server(self, "--log-format", style)
            page = harness.page(16, 16)
            with running.connect() as c:
                for own in ("a", "A-1.b_c", "x" * 64):
                    self.assertEqual(c.ask("/v1/status", x_request_id=own).fields["x-request-id"], own)
                made = [c.ask("/v1/status", x_request_id=wrong).fields["x-request-id"]
                        for wrong in ("", "x" * 65, "a b", 'a"b', "a=b", "ä", "a\tb")]
                for own in made:
                    self.assertRegex(own, r"^[0-9a-f]+-[0-9a-f]+$")
                self.assertEqual(len(set(made)), len(made))
                answer = c.ask("/v1/upscale", "POST", page)
                c.ask("/healthz")
                c.ask("/suwayomi?x=1", "POST", page, x_request_id="mine")
                c.send(b"\x01\r\n\r\n")
                self.assertIn("x-request-id", c.answer().fields)
            self.assertEqual(running.stop(), 0)
            lines = [read(line) for line in map(str.strip, running.lines)]
            requests = [line for line in lines if line["msg"] == "request"]
            self.assertEqual([line["id"] for line in requests[:10]], ["a", "A-1.b_c", "x" * 64, *made])
            self.assertEqual(len(requests), 13)  # health checks are for debugging
            page_line = requests[10]
            self.assertEqual((page_line["method"], page_line["route"], str(page_line["status"])),
                             ("POST", "/v1/upscale", "200"))
            self.assertEqual((int(page_line["in"]), int(page_line["out"])),
                             (len(page), len(answer.body)))
            self.assertGreater(float(page_line["ms"]), 0)
            self.assertRegex(page_line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual([line["id"] for line in lines if line["level"] == "warn"], ["mine"])
            self.assertEqual(str(requests[12]["status"]), "400")

    def test_levels(self):
        running = server.Server(self, "--log-level", "debug", env={"JOURNAL_STREAM": "8:1"})
        running.post("/suwayomi?x=1", harness.page(16, 16))
        running.get("/healthz")
        self.assertEqual(running.stop(), 0)
        lines = [read_logfmt(line.strip()) for line in running.lines]
        self.assertEqual({line["level"] for line in lines}, {"warn", "info", "debug"})
        self.assertTrue(all("time" in line for line in lines))
        result = harness.run("serve", "--log-format", "xml", check=2)
        self.assert_one_line(result.stderr, "xml", "logfmt")

    def test_journal(self):
        """systemd's journal has the time of each line."""
        script = f'JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) exec "{harness.PLANCHE}" "$@"'
        with subprocess.Popen(["sh", "-c", script, "sh", "serve", "--no-cache", "--listen",
                               "127.0.0.1:0"], stderr=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            lines = [read_logfmt(process.stderr.readline().strip())]
            process.kill()
        self.assertEqual(list(lines[0]), ["level", "msg"])


if __name__ == "__main__":
    harness.main()
