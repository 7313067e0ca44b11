"""The servers of the soak: those of tests/support, and nginx with limits of several kinds."""
import collections
import pathlib
import re
import socket
import subprocess
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
# Seconds that nothing takes, with sanitizers and on a machine that others use too, unless it hangs.
PATIENCE = 60


class Violation(Exception):
    pass


def make_certificate(folder):
    certificate = folder / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=soak", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                    certificate.with_suffix(".key"), "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    return certificate


def stop(process):
    """Ends a server by the end of its input; what it printed."""
    out, _ = process.communicate(timeout=PATIENCE)
    if process.returncode != 0:
        raise Violation(f"{process.args[0]} ended with status {process.returncode}")
    return out


def tally(out):
    """Of what servers print in the end, "PATH COUNT"."""
    return collections.Counter({path: int(count) for path, count in re.findall(r"^(/\S*) (\d+)$", out, re.M)})


class Servers:
    """Those of one run: each counts what it is asked for, and some remember it."""

    def __init__(self, fault_server, certificate):
        self.certificate = certificate
        self.processes = {}
        plain = self.start("plain", [fault_server])
        self.port = int(plain.stdout.readline())
        self.ports = {name: int(port) for name, port in (plain.stdout.readline().split() for _ in range(3))}

    def start(self, name, command):
        self.processes[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self.processes[name]

    def script(self, name, file, *before):
        """The port of a server that is started when it is first asked for."""
        if name not in self.ports:
            files = [self.certificate, self.certificate.with_suffix(".key")]
            server = self.start(name, ["/usr/bin/python3", TESTS / "support" / file, *before, *files])
            self.ports[name] = int(server.stdout.readline())
        return self.ports[name]

    def front(self):
        return self.script("front", "tls_front.py", str(self.port))

    def http2(self, name):
        return self.script(name, "h2_faults.py")

    def end(self):
        """How often each path was asked for, by server."""
        processes, self.processes = self.processes, {}
        return {name: tally(stop(process)) for name, process in reversed(processes.items())}


NGINX = """
daemon off; pid %(folder)s/nginx.pid; error_log %(folder)s/error.log; worker_processes 1;
events { worker_connections 4096; }
http {
    log_format asked '$server_port$request_uri';
    access_log %(folder)s/asked.log asked;
    client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
    ssl_certificate %(certificate)s; ssl_certificate_key %(key)s;
    %(servers)s
}"""
NGINX_KINDS = ["keepalive_requests 3;", "keepalive_timeout 15ms;", "keepalive_requests 20; keepalive_timeout 40ms;"]
NGINX_HTTP2_KINDS = NGINX_KINDS[1:] + ["keepalive_requests 100;", "keepalive_requests 1000; http2_max_concurrent_streams 3;",
                                       "keepalive_requests 20; http2_max_concurrent_streams 4;"]


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Nginx:
    """Servers that limit connections in various ways, for the whole soak; what is behind them answers at once, or later."""

    def __init__(self, folder, fault_server, certificate):
        self.folder = folder
        self.source = subprocess.Popen([fault_server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        source = int(self.source.stdout.readline())
        variants = [("http", "", kind) for kind in NGINX_KINDS] + [("https", "ssl", kind) for kind in NGINX_KINDS] + \
                   [("http2", "ssl http2", kind) for kind in NGINX_HTTP2_KINDS]
        ports = free_ports(len(variants))
        self.ports = collections.defaultdict(list)
        servers = ""
        for port, (scheme, flags, kind) in zip(ports, variants):
            self.ports[scheme].append(port)
            servers += f"server {{ listen 127.0.0.1:{port} {flags} backlog=1024; {kind}" \
                       f" location / {{ proxy_pass http://127.0.0.1:{source}; }} }}\n"
        (folder / "nginx.conf").write_text(NGINX % {
            "folder": folder, "certificate": certificate, "key": certificate.with_suffix(".key"), "servers": servers})
        user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        self.process = subprocess.Popen(["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf", "-g", f"user {user};"])
        while not (folder / "nginx.pid").exists():
            if self.process.poll() is not None:
                raise OSError("nginx does not start")
            time.sleep(0.05)
        self.log = open(folder / "asked.log")

    def asked(self, expected):
        """How often each URI was asked for since the last time; it logs behind the client's back."""
        counts = collections.Counter()
        for _ in range(100):
            counts.update("/" + line.rstrip() for line in self.log)
            if sum(counts.values()) >= expected:
                break
            time.sleep(0.05)
        return counts

    def end(self):
        self.process.terminate()
        self.process.wait()
        stop(self.source)


def start_nginx(*arguments):
    """Somebody else may have taken one of its ports."""
    for _ in range(20):
        try:
            return Nginx(*arguments)
        except OSError:
            pass
    return Nginx(*arguments)
