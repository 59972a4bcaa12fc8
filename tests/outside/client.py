"""The program under test, met only from outside: its command line and its HTTP."""

import http.client
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

NOBODY = 65534
LONGEST_WAIT = 120


class Broken(Exception):
    """The program did not do what the contract says."""


class Program:
    """The binary, run where possible as a user who cannot read the outsider's keys."""

    def __init__(self, binary, folder):
        self.binary = Path(binary).resolve()
        self.folder = Path(folder)
        self.keys = self.folder / "keys"
        self.keys.mkdir(mode=0o700)
        self.served = self.folder / "served"
        self.served.mkdir(mode=0o755)
        self.data = self.served / "data"
        self.apart = os.geteuid() == 0 and shutil.which("setpriv") is not None
        if self.apart:
            self.folder.chmod(0o711)
            os.chown(self.served, NOBODY, NOBODY)
            self._place()
        self.process = None

    def _wear(self, command):
        if not self.apart:
            return command
        uid = str(NOBODY)
        return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]

    def _place(self):
        # The other user may not be able to walk to the build folder: then a copy is run.
        if subprocess.run(self._wear(["test", "-x", str(self.binary)])).returncode:
            copy = self.served / "counterpart"
            shutil.copy(self.binary, copy)
            copy.chmod(0o755)
            self.binary = copy

    def separation(self):
        """Says how the keys are kept from the server, after trying to read one as it."""
        if not self.apart:
            return False, "not root, or no `setpriv`: the server runs as the user who holds the keys"
        for key in self.keys.iterdir():
            done = subprocess.run(self._wear(["cat", str(key)]), capture_output=True)
            if done.returncode == 0 or done.stdout:
                raise Broken(f"the server's user can read {key}")
        return True, f"the server runs as uid {NOBODY} and cannot read the keys (tried each)"

    def run(self, *arguments, ok=(0,)):
        """Runs a command to its end and gives what it printed."""
        command = self._wear([str(self.binary), *map(str, arguments)])
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_WAIT, cwd=self.served
        )
        if done.returncode not in ok:
            raise Broken(f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def share(self, name, text):
        """Writes a file where the program can read it."""
        path = self.served / name
        path.write_text(text)
        path.chmod(0o644)
        return path

    def print_genesis(self, origin):
        """What the program knows of the genesis; the founder adds the rest."""
        return json.loads(
            self.run("init", "--data", self.data, "--origin", origin, "--print-genesis")
        )

    def found(self, submission):
        """Founds the ledger with a signed genesis."""
        path = self.share("genesis.json", json.dumps(submission, ensure_ascii=False))
        self.run("init", "--data", self.data, "--genesis", path)

    def serve(self):
        """Starts the server and gives a client of it."""
        command = [str(self.binary), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        talk = open(self.folder / "serve.log", "ab")
        self.process = subprocess.Popen(
            self._wear(command), stdout=subprocess.PIPE, stderr=talk, text=True, cwd=self.served
        )
        timer = threading.Timer(LONGEST_WAIT, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line.startswith("listening on http://"):
            self.process.kill()
            raise Broken(f"`serve` printed `{line.strip()}`; its log is {talk.name}")
        return Client(line.strip().removeprefix("listening on http://"))

    def stop(self):
        """SIGTERM: finishes what it accepted and exits 0."""
        if self.process is None:
            return 0
        self.process.terminate()
        code = self.process.wait(LONGEST_WAIT)
        self.process = None
        return code

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The code of a problem, or None."""
        try:
            return self.json().get("code")
        except (ValueError, AttributeError):
            return None

    def __str__(self):
        return f"{self.status} {self.body[:400].decode(errors='replace')}"


class Client:
    """HTTP to one server."""

    TALKS = True  # Its refusals come with a message.

    def __init__(self, address):
        self.address = address

    def ask(self, method, path, body=None, kind="application/json", headers=None):
        link = http.client.HTTPConnection(self.address, timeout=LONGEST_WAIT)
        try:
            sent = {**(headers or {})}
            if body is not None:
                sent["Content-Type"] = kind
            link.request(method, path, body, sent)
            got = link.getresponse()
            return Answer(got.status, dict(got.getheaders()), got.read())
        finally:
            link.close()

    def get(self, path):
        """The body of a page that must be there."""
        answer = self.ask("GET", path)
        if answer.status != 200:
            raise Broken(f"GET {path}: {answer}")
        return answer.body

    def post(self, path, value):
        return self.ask("POST", path, json.dumps(value, ensure_ascii=False).encode())

    def send(self, submission):
        """Submits one event with its disclosures."""
        return self.post("/api/v1/events", submission)

    def log(self, path):
        return self.get(f"/log/{path}")

    def schema(self, path):
        """A published schema, for `schema.Library`."""
        answer = self.ask("GET", f"/schemas/{path}")
        if answer.status != 200:
            raise FileNotFoundError(path)
        return answer.body
