"""The client of slide 13 in Python 3: sends hello, checks nothing, and exits."""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8089

# ANCHOR: client
clientsocket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
clientsocket.connect(("localhost", port))
clientsocket.send(b"hello")
# ANCHOR_END: client
