#!/usr/bin/env python3
"""Keeps the bytes of every request: recorder.py FOLDER [SOCKET].

Listens on a free port of 127.0.0.1 and [::1], and on the Unix socket if one is named; prints the ports (a second line is
"-" without IPv6). Each request becomes a file of FOLDER, numbered in the order of arrival, with its head and body. Answers
200 with a short body; /moved and /see-other lead to /target; a CONNECT is refused with 403, as is anything below
/forbidden. Compresses nothing, and says so. Ends when its standard input does.
"""
import os
import socket
import sys
import threading

folder = sys.argv[1]
lock = threading.Lock()
count = 0


def keep(request):
    global count
    with lock:
        count += 1
        path = os.path.join(folder, f"{count:06}")
    with open(path + ".part", "wb") as file:
        file.write(request)
    os.rename(path + ".part", path)


class Stream:
    def __init__(self, connection):
        self.connection = connection
        self.bytes = b""

    def more(self):
        block = self.connection.recv(65536)
        self.bytes += block
        return block != b""

    def until(self, mark):
        while mark not in self.bytes:
            if not self.more():
                return None
        end = self.bytes.index(mark) + len(mark)
        taken, self.bytes = self.bytes[:end], self.bytes[end:]
        return taken

    def exactly(self, length):
        while len(self.bytes) < length and self.more():
            pass
        taken, self.bytes = self.bytes[:length], self.bytes[length:]
        return taken


def answer(method, target):
    status, more = b"200 OK", b""
    if b"/moved" in target:
        status, more = b"302 Found", b"Location: /target\r\n"
    elif b"/see-other" in target:
        status, more = b"303 See Other", b"Location: /target\r\n"
    elif method == b"CONNECT" or b"/forbidden" in target:
        status = b"403 Forbidden"
    body = b"" if method == b"HEAD" else b"recorded\n"
    return b"HTTP/1.1 %s\r\nContent-Length: 9\r\n%s\r\n%s" % (status, more, body)


def serve(connection):
    stream = Stream(connection)
    with connection:
        while (head := stream.until(b"\r\n\r\n")) is not None:
            lines = head.split(b"\r\n")
            method, target = lines[0].split(b" ")[:2]
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
            if fields.get(b"expect") == b"100-continue":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            keep(head + stream.exactly(int(fields.get(b"content-length", b"0"))))
            connection.sendall(answer(method, target))


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def listen(family, address):
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen(128)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    return listener


port = listen(socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1]
try:
    # The same port, for names that are both addresses.
    listen(socket.AF_INET6, ("::1", port))
    port_6 = str(port)
except OSError:
    port_6 = "-"
if len(sys.argv) > 2:
    listen(socket.AF_UNIX, sys.argv[2])
print(port, port_6, sep="\n", flush=True)
sys.stdin.read()
