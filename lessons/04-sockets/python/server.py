"""The server of slide 12 in Python 3: one recv a client, printed, and no answer."""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8089

serversocket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
serversocket.bind(("localhost", port))
serversocket.listen(5)
# Not on the slide: says the port, for port 0 is any free one.
print("listening on", serversocket.getsockname()[1], file=sys.stderr, flush=True)

while True:
    connection, address = serversocket.accept()
    buf = connection.recv(64)
    if len(buf) > 0:
        print(buf.decode(errors="replace"), flush=True)
