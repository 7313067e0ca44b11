#!/usr/bin/env python3
"""An HTTP/2 server that misbehaves on demand: h2_faults.py CERTIFICATE KEY [ALTERNATE].

Listens on a free port of 127.0.0.1, over TLS, and prints the port. What it does to a stream is said by the path:

    /ok/N           answers with N bytes
    /rst/C          ends the stream with RST_STREAM, code C
    /rst-body/C     the same, behind headers and some bytes of the body
    /rst-open/C     the same, behind headers that do not tell how long the body is
    /rst-head/C     the same, behind such headers alone
    /rst-after/C    the same, behind a whole answer
    /open/N         answers with N bytes, and does not tell beforehand how many
    /trailers       answers with some bytes and trailers
    /refuse         refuses the stream (RST_STREAM, REFUSED_STREAM), on every connection
    /refuse-first   the same, the first three times this server is asked for it; then it answers
    /goaway/N       answers, and with the N-th stream of the connection sends GOAWAY: later ones are not answered
    /goaway-late/T/D    the first connection that is asked for it goes away T milliseconds later without an answer; from
                        then on handshakes begin D milliseconds late
    /goaway-none    GOAWAY that leaves every stream unanswered
    /goaway-body    the same, within the body
    /no-streams     answers, and takes no more requests on that connection (SETTINGS_MAX_CONCURRENT_STREAMS 0)
    /together/N     answers as soon as N streams of all connections wait for it
    /close, /close-body     ends the connection, behind nothing or within the body
    /reset, /reset-body     the same by a reset
    /stall, /stall-body     never goes on
    /garbage        sends what is no HTTP/2
    /garbage-interim, /garbage-open     the same, behind an interim answer or within a body of unknown length
    /break/KIND     within the body, breaks HTTP/2 for the connection and leaves that open: size (a frame that is too
                    large), window (one that overflows), settings (that are none), push (a promise nobody asked for)
    /break-open/KIND    the same, within a body of unknown length
    /bad-headers    sends headers that HTTP/2 does not allow
    /huge-headers   sends 600 KB of headers, in frames that a client may take for one header block
    /interims       sends interim answers without an end, so slowly that others come to be on the connection
    /flood/KIND     sends headers, and from then on frames without content, in between to what else it does on that
                    connection: data, padding, unknown, priority, window (WINDOW_UPDATE), ping (answers to none)

With ALTERNATE, every second connection agrees to HTTP/1.1 only and answers everything with 200 and no body. Prints a line
"stalled" for each stream that stalls, and "connections N" in the end, which is when its standard input ends, and "PATH COUNT"
for each path that was asked for over HTTP/2. Headers are decoded by libnghttp2, as libcurl does it.
"""
import collections
import ctypes
import select
import socket
import ssl
import struct
import sys
import threading
import time

nghttp2 = ctypes.CDLL("libnghttp2.so.14")
DATA, HEADERS, PRIORITY_FRAME, RST_STREAM, SETTINGS, PUSH_PROMISE = range(6)
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION, UNKNOWN = 6, 7, 8, 9, 0x55
END_STREAM, END_HEADERS, ACK, PADDED, PRIORITY = 1, 4, 1, 8, 32
REFUSED_STREAM = 7
MAX_CONCURRENT_STREAMS = 3
lock = threading.Lock()
connections = 0
refused = 0
leaving = None  # the connection that goes away late
handshake_delay = 0
together = []  # connections and their streams
asked = collections.Counter()


class Pair(ctypes.Structure):
    _fields_ = [("name", ctypes.POINTER(ctypes.c_ubyte)), ("value", ctypes.POINTER(ctypes.c_ubyte)),
                ("name_length", ctypes.c_size_t), ("value_length", ctypes.c_size_t), ("flags", ctypes.c_ubyte)]


nghttp2.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
nghttp2.nghttp2_hd_inflate_hd2.argtypes = [ctypes.c_void_p, ctypes.POINTER(Pair), ctypes.POINTER(ctypes.c_int),
                                           ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]


class Inflater:
    def __init__(self):
        self.handle = ctypes.c_void_p()
        assert nghttp2.nghttp2_hd_inflate_new(ctypes.byref(self.handle)) == 0

    def headers(self, block):
        fields = {}
        while True:
            pair, flags = Pair(), ctypes.c_int()
            used = nghttp2.nghttp2_hd_inflate_hd2(self.handle, ctypes.byref(pair), ctypes.byref(flags), block, len(block), 1)
            assert used >= 0
            block = block[used:]
            if flags.value & 2:
                fields[ctypes.string_at(pair.name, pair.name_length)] = ctypes.string_at(pair.value, pair.value_length)
            if flags.value & 1:
                nghttp2.nghttp2_hd_inflate_end_headers(self.handle)
                return fields

    def release(self):
        nghttp2.nghttp2_hd_inflate_del(self.handle)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def frame_that_breaks(kind, stream):
    return {
        "size": b"\xff\xff\xff" + struct.pack(">BBI", DATA, 0, stream) + bytes(1000),
        "window": frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1)) * 2,
        "settings": frame(SETTINGS, 0, 0, b"abc"),
        "push": frame(PUSH_PROMISE, END_HEADERS, stream, struct.pack(">I", 2) + b"\x82\x84\x87"),
    }[kind]


def frame_without_content(kind, stream):
    return {
        "data": frame(DATA, 0, stream),
        "padding": frame(DATA, PADDED, stream, b"\x0f" + bytes(15)),
        "unknown": frame(UNKNOWN, 0, stream),
        "priority": frame(PRIORITY_FRAME, 0, stream, struct.pack(">IB", 0, 1)),
        "window": frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 1)),
        "ping": frame(PING, ACK, 0, bytes(8)),
    }[kind]


class Connection:
    def __init__(self, tls):
        self.tls = tls
        self.inflater = Inflater()
        self.sending = threading.Lock()
        self.is_gone_away = False
        self.streams = 0
        self.flood = b""
        self.pause = 0

    def is_asked(self):
        return self.tls.pending() > 0 or select.select([self.tls], [], [], 0)[0] != []

    def exactly(self, length):
        taken = b""
        while len(taken) < length:
            while self.flood and not self.is_asked():
                self.tls.sendall(self.flood)
                time.sleep(self.pause)
            block = self.tls.recv(length - len(taken))
            if block == b"":
                raise EOFError
            taken += block
        return taken

    def send(self, kind, flags, stream, payload=b""):
        with self.sending:
            self.tls.sendall(frame(kind, flags, stream, payload))

    def head(self, stream, length, flags=END_HEADERS):
        self.send(HEADERS, flags, stream, b"\x88" + field(b"content-length", b"%d" % length))

    def begin(self, stream, length, is_told):
        """Headers, and the first bytes of a body."""
        if is_told:
            self.head(stream, length)
        else:
            self.send(HEADERS, END_HEADERS, stream, b"\x88")
        self.send(DATA, 0, stream, b"x" * 100)

    def answer(self, stream, length):
        self.head(stream, length, END_HEADERS | (END_STREAM if length == 0 else 0))
        while length > 0:
            part = min(length, 16000)
            length -= part
            self.send(DATA, END_STREAM if length == 0 else 0, stream, b"x" * part)

    def reset_stream(self, stream, code):
        self.send(RST_STREAM, 0, stream, struct.pack(">I", code))

    def end(self, is_reset):
        if is_reset:
            self.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.tls.close()
        else:
            # Bytes that are left unread would make a reset of it.
            self.tls.shutdown(socket.SHUT_WR)
            while self.tls.recv(65536) != b"":
                pass
        raise EOFError

    def act(self, stream, path):
        global refused, leaving, handshake_delay
        name, _, argument = path.decode()[1:].partition("/")
        if self.is_gone_away:
            return
        with lock:
            asked[path.decode()] += 1
        if name == "ok":
            self.answer(stream, int(argument))
        elif name == "rst":
            self.reset_stream(stream, int(argument))
        elif name in ("rst-body", "rst-open"):
            self.begin(stream, 1000, name == "rst-body")
            self.reset_stream(stream, int(argument))
        elif name == "rst-head":
            self.send(HEADERS, END_HEADERS, stream, b"\x88")
            self.reset_stream(stream, int(argument))
        elif name == "rst-after":
            self.answer(stream, 100)
            self.reset_stream(stream, int(argument))
        elif name in ("open", "trailers"):
            self.send(HEADERS, END_HEADERS, stream, b"\x88")
            self.send(DATA, 0, stream, b"x" * (int(argument) if name == "open" else 100))
            if name == "open":
                self.send(DATA, END_STREAM, stream)
            else:
                self.send(HEADERS, END_HEADERS | END_STREAM, stream, field(b"checksum", b"1"))
        elif name in ("refuse", "refuse-first"):
            with lock:
                refused += 1
                is_refused = name == "refuse" or refused <= 3
            if is_refused:
                self.reset_stream(stream, REFUSED_STREAM)
            else:
                self.answer(stream, 10)
        elif name == "goaway":
            self.streams += 1
            self.answer(stream, 10)
            if self.streams == int(argument):
                self.send(GOAWAY, 0, 0, struct.pack(">II", stream, 0))
                self.is_gone_away = True
        elif name == "goaway-late":
            milliseconds, _, delay = argument.partition("/")
            with lock:
                leaving = leaving or self
            if leaving is self:
                time.sleep(int(milliseconds) / 1000)
                handshake_delay = int(delay) / 1000
                self.send(GOAWAY, 0, 0, struct.pack(">II", 0, 0))
                self.is_gone_away = True
            else:
                self.answer(stream, 10)
        elif name in ("goaway-none", "goaway-body"):
            if name == "goaway-body":
                self.begin(stream, 1000, True)
            self.send(GOAWAY, 0, 0, struct.pack(">II", 0, 0))
        elif name == "together":
            with lock:
                together.append((self, stream))
                if len(together) == int(argument):
                    for connection, other in together:
                        connection.answer(other, 10)
                    together.clear()
        elif name in ("close", "reset"):
            self.end(name == "reset")
        elif name in ("close-body", "reset-body"):
            self.begin(stream, 1000, True)
            self.end(name == "reset-body")
        elif name in ("stall", "stall-body"):
            if name == "stall-body":
                self.begin(stream, 1000, True)
            with lock:
                print("stalled", flush=True)
        elif name in ("garbage", "garbage-interim", "garbage-open"):
            if name == "garbage-interim":
                self.send(HEADERS, END_HEADERS, stream, b"\x48\x03103")
            elif name == "garbage-open":
                self.begin(stream, 0, False)
            self.tls.sendall(b"HTTP/1.1 400 This is no frame\r\n\r\n" * 10)
        elif name == "huge-headers":
            self.send(HEADERS, 0, stream, b"\x88")
            for number in range(60):
                self.send(CONTINUATION, 0, stream, field(b"x-%d" % number, b"y" * 100) * 100)
            self.send(CONTINUATION, END_HEADERS | END_STREAM, stream)
        elif name == "interims":
            self.flood += frame(HEADERS, END_HEADERS, stream, b"\x48\x03103" + field(b"link", b"y" * 50)) * 20
            self.pause = 0.001
        elif name in ("break", "break-open"):
            self.begin(stream, 1000, name == "break")
            self.tls.sendall(frame_that_breaks(argument, stream))
        elif name == "flood":
            self.send(HEADERS, END_HEADERS, stream, b"\x88")
            self.flood = frame_without_content(argument, stream) * 10000
        elif name == "no-streams":
            self.send(SETTINGS, 0, 0, struct.pack(">HI", MAX_CONCURRENT_STREAMS, 0))
            self.answer(stream, 100)
        elif name == "bad-headers":
            self.send(HEADERS, END_HEADERS | END_STREAM, stream, b"\x88" + field(b"Upper-Case", b"1"))

    def serve(self):
        assert self.exactly(24).startswith(b"PRI * HTTP/2.0")
        self.send(SETTINGS, 0, 0)
        while True:
            length, kind, flags, stream = struct.unpack(">IBBI", b"\0" + self.exactly(9))
            payload = self.exactly(length)
            if kind == SETTINGS and not flags & ACK:
                self.send(SETTINGS, ACK, 0)
            elif kind == PING and not flags & ACK:
                self.send(PING, ACK, 0, payload)
            elif kind == HEADERS:
                if flags & PADDED:
                    payload = payload[1:len(payload) - payload[0]]
                if flags & PRIORITY:
                    payload = payload[5:]
                self.act(stream, self.inflater.headers(payload)[b":path"])


def serve_http1(tls):
    received = b""
    while (block := tls.recv(65536)) != b"":
        received += block
        while b"\r\n\r\n" in received:
            received = received.split(b"\r\n\r\n", 1)[1]
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def serve(plain, context):
    try:
        time.sleep(handshake_delay)
        with context.wrap_socket(plain, server_side=True) as tls:
            connection = Connection(tls)
            try:
                if tls.selected_alpn_protocol() == "h2":
                    connection.serve()
                else:
                    serve_http1(tls)
            finally:
                connection.inflater.release()
    except (OSError, EOFError):
        pass


def context_for(protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    context.set_alpn_protocols(protocols)
    return context


def accept(listener):
    global connections
    contexts = [context_for(["h2"]), context_for(["http/1.1"] if len(sys.argv) > 3 else ["h2"])]
    while True:
        plain, _ = listener.accept()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections += 1
        threading.Thread(target=serve, args=(plain, contexts[(connections - 1) % 2]), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
print(listener.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
print("connections", connections)
with lock:
    for path, count in asked.items():
        print(path, count)
sys.stdout.flush()
