# The echo server of gevent's own examples: a greenlet for each connection, a write for each line. With the argument
# one-write, all lines that have come are written at once, as our servers do it. Needs gevent.
import os
import sys
import threading

from gevent.server import StreamServer


def echo(connection, address):
    lines = connection.makefile("rb")
    while line := lines.readline():
        connection.sendall(line)


def echo_in_one_write(connection, address):
    partial = b""
    while data := connection.recv(4096):
        lines, newline, partial = (partial + data).rpartition(b"\n")
        if newline:
            connection.sendall(lines + newline)


def until_it_ends(serve):
    def handle(connection, address):
        try:
            serve(connection, address)
        except ConnectionError:
            pass

    return handle


# Whoever started this closes our standard input when it ends.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {0})

serve = echo_in_one_write if sys.argv[1:] == ["one-write"] else echo
server = StreamServer(("127.0.0.1", 0), until_it_ends(serve), backlog=4096)
server.start()
print("port", server.server_port, flush=True)
server.serve_forever()
