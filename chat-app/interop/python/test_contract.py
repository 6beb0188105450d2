"""python-socketio against our server: the example `contract`, and `features` for what it lacks.

EXAMPLES says where the examples have been built.
"""

import os
import queue
import re
import subprocess
import unittest
from pathlib import Path

import socketio

DEADLINE = 10
BUILT = Path(__file__).resolve().parents[3] / "target" / "debug" / "examples"
EXAMPLES = Path(os.environ.get("EXAMPLES", BUILT))


def start(test: type[unittest.TestCase], example: str) -> str:
    """Starts an example on a free port until the class is done; returns its address."""
    program = EXAMPLES / example
    server = subprocess.Popen([program, "--port", "0"], stdout=subprocess.PIPE, text=True)
    test.addClassCleanup(server.stdout.close)
    test.addClassCleanup(server.wait)
    test.addClassCleanup(server.kill)
    line = server.stdout.readline()
    listening = re.fullmatch(r"Listening on (http://\S+)\n", line)
    if not listening:
        raise RuntimeError(f"{program} said {line!r} and not where it listens")
    return listening[1]


class Cases:
    """What holds over each transport; the subclasses say which."""

    transports: list[str]

    @classmethod
    def setUpClass(cls):
        cls.contract = start(cls, "contract")
        cls.features = start(cls, "features")

    def connect(self, url: str, namespace: str, **options) -> socketio.Client:
        client = socketio.Client(reconnection=False)
        self.addCleanup(client.disconnect)
        client.connect(
            url, namespaces=[namespace], transports=self.transports, wait_timeout=DEADLINE, **options
        )
        return client

    def listen(self, client: socketio.Client, event: str, namespace: str = "/") -> queue.Queue:
        heard = queue.Queue()
        client.on(event, lambda *args: heard.put(args), namespace=namespace)
        return heard

    def test_connects_over_the_transport(self):
        client = self.connect(self.contract, "/chat")
        self.assertEqual(client.transport(), self.transports[-1])
        self.assertNotEqual(client.get_sid("/chat"), client.eio.sid)

    def test_acknowledgements_carry_json_and_bytes(self):
        client = self.connect(self.features, "/")
        values = ["Zürich ☕", 1, -0.5, True, None, [], {"deep": [{"list": [1, [2]]}]}]
        values += [{"photo": bytes(length)} for length in (0, 1, 65_536, 700_000)]
        for value in values:
            self.assertEqual(client.call("echo", value, timeout=DEADLINE), value)

    def test_the_server_asks_and_the_client_answers(self):
        client = self.connect(self.features, "/")
        client.on("question", lambda value: {"answer": value})
        self.assertEqual(client.call("ask", b"\x00\xff", timeout=DEADLINE), {"answer": b"\x00\xff"})

    def test_a_wrong_token_is_refused(self):
        with self.assertRaises(socketio.exceptions.ConnectionError):
            self.connect(self.features, "/admin", auth={"token": "wrong"}, retry=False)
        client = self.connect(self.features, "/admin", auth={"token": "secret"})
        self.assertIn("/admin", client.namespaces)

    def test_a_message_reaches_the_others_in_the_room_and_nobody_else(self):
        ada, bob, eve = (self.connect(self.contract, "/chat") for _ in range(3))
        call = lambda client, *args: client.call(*args, namespace="/chat", timeout=DEADLINE)
        heard = {client: self.listen(client, "msg_to_room", "/chat") for client in (ada, bob, eve)}
        for client, room in ((ada, "rust"), (bob, "rust"), (eve, "other")):
            self.assertIs(call(client, "join", room), True)
        self.assertEqual(call(ada, "nickname", "Ada"), (True, "Ada"))
        for n in range(100):
            self.assertIs(call(ada, "user message", f"message {n}"), True)
        for n in range(100):
            self.assertEqual(heard[bob].get(timeout=DEADLINE)[:2], ("Ada", f"message {n}"))
        # What was sent to them before these acknowledgements would be here by now.
        for client in (ada, eve):
            call(client, "join", "last")
            self.assertTrue(heard[client].empty())


class Polling(Cases, unittest.TestCase):
    transports = ["polling"]


class WebSocket(Cases, unittest.TestCase):
    transports = ["websocket"]


class Upgraded(Cases, unittest.TestCase):
    transports = ["polling", "websocket"]


if __name__ == "__main__":
    unittest.main()
