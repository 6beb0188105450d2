"""The server of slide 12 in Python 3: one recv per client, printed, and no answer."""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8089

# ANCHOR: server
serversocket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
serversocket.bind(("localhost", port))
serversocket.listen(5)
# ANCHOR_END: server
# Not on the slide: prints the port, because port 0 means any free one.
print("listening on", serversocket.getsockname()[1], file=sys.stderr, flush=True)

# ANCHOR: loop
while True:
    connection, address = serversocket.accept()
    buf = connection.recv(64)
    if len(buf) > 0:
        print(buf.decode(errors="replace"), flush=True)
# ANCHOR_END: loop
