"""The server of all measurements: nginx on loopback, started by us in a folder of its own, stopped when we leave."""

import os
import pathlib
import pwd
import random
import subprocess
import time

# One process without a log, since a server that shares its cores with the client is part of every time.
CONFIGURATION = """
daemon off;
user {user};
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 300s;
    open_file_cache max=64;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=16384;
        root {folder}/root;
    }}
}}
"""


class Nginx:
    """Serves the files that are put below `root`; a context manager."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder, "nginx")
        self.root = self.folder / "root"
        self.root.mkdir(parents=True)
        self.process = None

    def __enter__(self):
        for _ in range(20):
            # Below the ports the kernel gives to clients, one of which may still wait for its end.
            self.port = random.randrange(20000, 32000)
            if self._starts():
                return self
        raise RuntimeError("nginx does not start: " + self._log())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def put(self, name, size):
        """A body of `size` bytes; returns its URL."""
        path = self.root / name
        with open(path, "wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(b"x" * min(1 << 20, size - start))
        return self.url(name)

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def _log(self):
        path = self.folder / "error.log"
        return path.read_text(errors="replace")[-500:] if path.exists() else "no log"

    def _starts(self):
        configuration = self.folder / "nginx.conf"
        # As root nginx would serve as a user who may not enter our folder.
        user = pwd.getpwuid(os.getuid()).pw_name
        configuration.write_text(CONFIGURATION.format(folder=self.folder, port=self.port, user=user))
        with open(self.folder / "start.log", "wb") as log:
            self.process = subprocess.Popen(["nginx", "-c", configuration], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            if (self.folder / "nginx.pid").exists():  # written once it listens
                return True
            time.sleep(0.01)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        return False
