# The echo server of gevent's own examples: a greenlet for each connection. Needs gevent.
import os
import sys
import threading

from gevent.server import StreamServer


def echo(connection, address):
    try:
        while data := connection.recv(4096):
            connection.sendall(data)
    except ConnectionError:
        pass


# Whoever started this closes our standard input when it ends.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()

server = StreamServer(("127.0.0.1", 0), echo, backlog=4096)
server.start()
print("port", server.server_port, flush=True)
server.serve_forever()
