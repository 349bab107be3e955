# SPDX-License-Identifier: MIT
"""Who may use a queue: tokens, keys, certificates and permissions of subjects, as docs/scale.md has them."""
import base64
import binascii
import os
import re
import shutil
import subprocess
import unittest

from cluster import PLANCHE, SECONDS, Queue, read

OPENSSL = unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "scale.md")


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def make_nkey():
    """The seed and the public key of a user, as nk makes them: bytes of ed25519 in base 32 with a prefix and a sum."""
    def encode(data):
        return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little")).decode().rstrip("=")

    seed, user = 18 << 3, 20 << 3
    pem = openssl("genpkey", "-algorithm", "ed25519")
    secret = openssl("pkey", "-outform", "DER", data=pem)[-32:]
    public = openssl("pkey", "-pubout", "-outform", "DER", data=pem)[-32:]
    return encode(bytes([seed | user >> 5, (user & 31) << 3]) + secret), encode(bytes([user]) + public)


class Access(Queue):
    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def enter(self, *access):
        """The status of a command that enters the queue, and what it says."""
        self.access = access
        result = subprocess.run(self.words("queue"), env=self.env, capture_output=True, check=False, timeout=SECONDS)
        return result.returncode, result.stderr

    def expect_refusal(self, says, *access):
        """It does not enter, and one line names the server and what to do."""
        status, told = self.enter(*access)
        self.assertEqual((status, told.count(b"\n")), (3, 1), told)
        self.assertIn(b"%d" % self.server.port, told)
        self.assertIn(says, told)
        self.assertNotIn(b"@", told)  # nor what is secret in the address

    def expect_book(self):
        self.make_books(1, 4)
        worker = self.worker()
        self.end_front(self.front())
        self.expect_books(1)
        self.drain(worker)
        self.expect_empty()


class Token(Access):
    config = 'authorization { token: "correct horse" }\n'

    def test_token(self):
        os.chmod(self.write("wrong", "wrong\n"), 0o600)
        self.expect_refusal(b"give its own with --queue-auth", "--queue-auth", self.path("wrong"))
        self.expect_refusal(b"give its own with --queue-auth")
        self.host = "jane:secret@127.0.0.1"
        self.expect_refusal(b"give its own with --queue-auth")
        self.host = "127.0.0.1"
        token = self.write("token", "correct horse\n")
        for mode, says in ((0o666, b"others on this machine may change %s (mode 666): chmod 600 %s" % (2 * (token.encode(),))),
                           (0o644, b"others on this machine may read %s (mode 644)" % token.encode()), (0o640, None), (0o600, None)):
            os.chmod(token, mode)
            status, told = self.enter("--queue-auth", token)
            self.assertEqual((status, told.count(b"on this machine may")), (0, 1 if says else 0), told)
            self.assertIn(says or b"", told)
        self.expect_book()
        # The token of a server, and of a server's store, is read in the same way.
        os.chmod(token, 0o666)
        for words in ([PLANCHE, "serve", "--check", "--no-cache", "--token-file", token],
                      self.words("queue", "--store", "http://127.0.0.1:1", "--token-file", token)):
            told = subprocess.run(words, env=self.env, capture_output=True, check=False, timeout=SECONDS).stderr
            self.assertEqual(told.count(b"others on this machine may change %s (mode 666)" % token.encode()), 1, told)


@OPENSSL
class Nkey(Access):
    def prepare(self):
        self.seed, self.public = make_nkey()
        self.config = f'authorization {{ users = [ {{ nkey: "{self.public}" }} ] }}\n'

    def test_nkey(self):
        other, _ = make_nkey()
        self.assertEqual(self.enter("--queue-auth", self.write("wrong", f"{other}\n{self.public}\n"))[0], 3)
        self.assertEqual(self.enter("--queue-auth", self.write("nkey", f"{self.seed}\n{self.public}\n"))[0], 0)
        self.expect_book()


@OPENSSL
class Certificates(Access):
    scheme, host = "tls", "localhost"

    def make(self, name, subject, more=(), extensions=""):
        """A key, and a certificate of the authority or of itself."""
        key, request, file = self.path(name + ".key"), self.path(name + ".csr"), self.path(name + ".pem")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                "-subj", f"/CN={subject}", *(("-out", request) if more else ("-x509", "-days", "2", "-out", file)))
        if more:
            openssl("x509", "-req", "-in", request, "-days", "2", "-out", file, "-extfile",
                    self.write(name + ".ext", extensions), *more)
        return file, key

    def prepare(self):
        authority, key = self.make("authority", "Planche's tests")
        more = ("-CA", authority, "-CAkey", key, "-CAcreateserial")
        server, server_key = self.make("server", "nas", more, "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.client = self.make("client", "worker", more, "extendedKeyUsage=clientAuth")
        self.config = (f'tls {{ cert_file: "{server}", key_file: "{server_key}", ca_file: "{authority}", '
                       'verify: true }\n')

    def test_certificates(self):
        mine = ("--queue-cert", self.client[0], "--queue-key", self.client[1])
        trusted = ("--queue-ca", self.path("authority.pem"))
        stranger = self.make("stranger", "stranger")
        os.chmod(self.client[1], 0o600)
        self.expect_refusal(b"--queue-ca", *mine)  # a server that nobody vouches for
        self.expect_refusal(b"--queue-ca", *mine, "--queue-ca", stranger[0])
        self.assertEqual(self.enter(*trusted)[0], 3)  # the server wants to know who comes
        self.assertEqual(self.enter(*trusted, "--queue-cert", stranger[0], "--queue-key", stranger[1])[0], 3)
        os.chmod(self.client[1], 0o604)
        status, told = self.enter(*trusted, *mine)
        self.assertEqual((status, b"client.key (mode 604)" in told), (0, True), told)
        self.expect_book()


class Permissions(Access):
    """What docs/scale.md allows a worker and a front is what they need."""

    def prepare(self):
        text = read(DOC).decode()
        worker = text[text.index("Permissions of a worker"):text.index("A front needs in addition")]
        front = text[text.index("A front needs in addition"):text.index("`planche queue purge` needs")]

        def subjects(part, verb):
            begin = part.index(verb + " to")
            end = part.find("subscribe to", begin + 1)
            return re.findall(r"`([$_A-Za-z][^`]*[.][^`]*)`", part[begin:end if end > 0 else len(part)])

        def user(name, *parts):
            rules = [f'{verb}: [{", ".join(chr(34) + s + chr(34) for part in parts for s in subjects(part, verb))}]'
                     for verb in ("publish", "subscribe")]
            return f'{{ user: {name}, password: pass, permissions: {{ {", ".join(rules)} }} }}'

        self.config = f'authorization {{ users = [ {user("worker", worker)}, {user("front", worker, front)} ] }}\n'

    def test_permissions(self):
        self.make_books(1, 4)
        self.host = "front:pass@127.0.0.1"
        front = self.front()
        self.wait_for(lambda s, _: s["pages"] == 4, "no pages")
        self.host = "worker:pass@127.0.0.1"
        worker = self.worker()
        self.end_front(front)
        self.drain(worker)
        self.expect_books(1)
        self.host = "front:pass@127.0.0.1"
        self.expect_empty()
        self.assertNotIn(b"Permissions Violation", read(self.path("server.log")))


if __name__ == "__main__":
    unittest.main()
