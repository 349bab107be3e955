# SPDX-License-Identifier: MIT
"""planche serve for tests: starting it on a port that the system chooses, and a client that shows
every byte."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import harness

QUICK = ("-m", harness.QUICK_MODEL, "-s", str(harness.QUICK_SCALE), "--log-level", "info", "--backend", "cpu")


class Server:
    """A running planche serve. self.lines are those of its log."""

    def __init__(self, case, *arguments, listen=("127.0.0.1:0",), env=None, quick=True,
                 cache=False, **more):
        listening = [word for address in listen for word in ("--listen", address)]
        # Pages of a busy machine take longer than the 25 seconds after which readers get the original.
        deadline = () if "--deadline" in arguments else ("--deadline", str(harness.MARGIN_SECONDS))
        command = [harness.PLANCHE, "serve", *listening, *(QUICK if quick else ()), *deadline,
                   *(() if cache else ("--no-cache",)), *map(str, arguments)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=case.folder,
                                        env={**os.environ, **(env or {})}, **more)
        self.lines, self.changed = [], threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        case.addCleanup(self.end)
        self.names = []
        for number in range(max(len(listen), 1)):
            line = self.wait_for_line(r"listening on ([^\s\"]+)", number)
            self.names.append(line.group(1))
        port = re.search(r":(\d+)$", self.names[0])
        self.address = (("127.0.0.1", int(port.group(1))) if port and "unix" not in self.names[0]
                        else self.names[0][len("unix:"):])

    def read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.decode())
                self.changed.notify_all()

    def wait_for_line(self, pattern, number=0):
        def find():
            found = [match for line in self.lines if (match := re.search(pattern, line))]
            return found[number] if len(found) > number else None
        with self.changed:
            if not self.changed.wait_for(find, harness.MARGIN_SECONDS):
                raise AssertionError(f"no line like {pattern} in {self.lines}")
            return find()

    def connect(self):
        return Connection(self.address)

    def get(self, path, method="GET", body=b"", **fields):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.ask(path, method, body, **fields)

    def post(self, path, body, **fields):
        return self.get(path, "POST", body, **fields)

    def status(self):
        return json.loads(self.get("/v1/status").body)

    def wait_for_status(self, right):
        """Until the status is right; it."""
        end = time.monotonic() + harness.MARGIN_SECONDS
        while time.monotonic() < end:
            status = self.status()
            if right(status):
                return status
            time.sleep(0.01)
        raise AssertionError(status)

    def resident(self):
        """Bytes of resident memory."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmRSS:"))
        return int(line.split()[1]) << 10

    def switches(self):
        """How often its threads have been switched to or from."""
        total = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/status") as file:
                total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
        return total

    def stop(self, number=signal.SIGTERM):
        """The exit status after a signal."""
        self.process.send_signal(number)
        status = self.process.wait(harness.MARGIN_SECONDS)
        self.join()
        return status

    def end(self):
        self.process.kill()
        self.process.wait()
        self.join()
        self.process.stderr.close()

    def join(self):
        """Ends with the last process that the server has started: they write where it does."""
        self.reader.join(harness.MARGIN_SECONDS)
        if self.reader.is_alive():
            raise AssertionError("a process of the server goes on without it")


class Answer:
    """status, fields (names in lower case), body, and the interim answers before it."""

    def __init__(self, status, fields, body, interim):
        self.status, self.fields, self.body, self.interim = status, fields, body, interim

    def json(self):
        return json.loads(self.body)


class Closed(Exception):
    """The other side closed the connection; .received is what came before."""

    def __init__(self, received):
        super().__init__(f"closed after {received[:80]!r}")
        self.received = received


class Connection:
    """One connection, for requests that need not be any."""

    def __init__(self, address):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(harness.MARGIN_SECONDS)
        self.socket.connect(address)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, path, method="GET", body=b"", **fields):
        """Bytes of a request; fields with _ for -, None: without it."""
        named = {"host": "localhost"}
        if body or method == "POST":
            named["content-length"] = str(len(body))
        named.update({name.replace("_", "-"): value for name, value in fields.items()})
        lines = [f"{name}: {value}" for name, value in named.items() if value is not None]
        return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body

    def ask(self, path, method="GET", body=b"", **fields):
        self.send(self.request(path, method, body, **fields))
        return self.answer(method)

    def fill(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed(self.buffer)
        self.buffer += data

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {}
        for line in lines:
            name, value = line.split(": ", 1)
            fields[name.lower()] = value
        return int(first.split(" ")[1]), fields

    def take(self, size):
        while len(self.buffer) < size:
            self.fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def answer(self, method="GET"):
        interim = []
        status, fields = self.head()
        while status < 200:
            interim.append(status)
            status, fields = self.head()
        size = 0 if method == "HEAD" or status in (204, 304) else int(fields["content-length"])
        return Answer(status, fields, self.take(size), interim)

    def is_closed(self):
        """Whether the other side closes, with no more bytes before."""
        try:
            self.fill()
        except Closed as closed:
            return closed.received == b""
        return False


def form(data, name="image", filename="page.png", boundary="xyzzy", more=()):
    """A form with a file in it, and its Content-Type."""
    body = b""
    for field, value in more:
        body += (f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'
                 f"{value}\r\n").encode()
    named = f'; filename="{filename}"' if filename is not None else ""
    body += (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'
             "Content-Type: image/png\r\n\r\n").encode()
    return body + data + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
