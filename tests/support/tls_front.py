"""Stands in front of a server that does not speak TLS, and passes on all that becomes of a connection there: bytes as they
come, its end, without a word of TLS about it, and its reset.

    tls_front.py PORT CERTIFICATE KEY

It prints its own port, and serves until its standard input ends.
"""
import select
import socket
import ssl
import struct
import sys
import threading


def pass_all(client, server):
    """Until one of them ends; an OSError where one of them breaks."""
    while True:
        ready = [client] if client.pending() else select.select([client, server], [], [])[0]
        source, target = (server, client) if server in ready else (client, server)
        data = source.recv(16384)
        if not data:
            return
        target.sendall(data)


def serve(raw, context, port):
    try:
        client = context.wrap_socket(raw, server_side=True)
    except OSError:
        return
    reset = False
    with socket.create_connection(("127.0.0.1", port)) as server:
        try:
            pass_all(client, server)
        except OSError:
            reset = True
    with socket.socket(fileno=client.detach()) as plain:
        if reset:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def accept_all(listener, context, port):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], context, port), daemon=True).start()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[2:])
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept_all, args=(listener, context, int(sys.argv[1])), daemon=True).start()
    sys.stdin.read()


main()
