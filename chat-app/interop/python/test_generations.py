"""python-socketio in one room with a client of Socket.IO 0.9: the example `generations`."""

import json
import queue
import unittest
from urllib.request import urlopen

import socketio

from test_contract import DEADLINE, start

FRAME = "\ufffd"


class Old:
    """Socket.IO 0.9 over xhr-polling, as far as this test needs it."""

    def __init__(self, url: str):
        sid = urlopen(f"{url}/socket.io/1/", timeout=DEADLINE).read().decode().split(":")[0]
        self.address = f"{url}/socket.io/1/xhr-polling/{sid}"
        self.packets = []
        self.wait_for("1::")
        self.send("1::/chat")
        self.wait_for("1::/chat")

    def send(self, packet: str):
        with urlopen(self.address, packet.encode(), timeout=DEADLINE) as answer:
            assert answer.read() == b"1"

    def poll(self):
        body = urlopen(self.address, timeout=DEADLINE).read().decode()
        if not body.startswith(FRAME):
            self.packets.append(body)
            return
        # Python counts characters: none of this test's has two units.
        while body:
            _, length, rest = body.split(FRAME, 2)
            self.packets.append(rest[: int(length)])
            body = rest[int(length) :]

    def wait_for(self, packet: str):
        while packet not in self.packets:
            self.poll()

    def ask(self, number: int, name: str, *args):
        event = json.dumps({"name": name, "args": args})
        self.send(f"5:{number}+:/chat:{event}")
        while not any(packet.startswith(f"6::/chat:{number}+") for packet in self.packets):
            self.poll()

    def heard(self) -> list:
        events = [json.loads(packet[len("5::/chat:") :]) for packet in self.packets if packet.startswith("5::/chat:")]
        return [tuple(event["args"]) for event in events if event["name"] == "msg_to_room"]


class Generations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.url = start(cls, "generations")

    def test_both_see_the_same_messages_in_the_same_order(self):
        new = socketio.Client(reconnection=False)
        self.addCleanup(new.disconnect)
        seen = queue.Queue()
        # With recovery an event ends with an offset, which this client does not hide.
        new.on("msg_to_room", lambda *args: seen.put(args[:2]), namespace="/chat")
        new.connect(self.url, namespaces=["/chat"], wait_timeout=DEADLINE)
        old = Old(self.url)
        new.call("join", "tea", namespace="/chat", timeout=DEADLINE)
        old.ask(1, "join", "tea")
        new.call("nickname", "python", namespace="/chat", timeout=DEADLINE)
        old.ask(2, "nickname", "old")
        for number in range(10):
            new.call("user message", f"naïve {number}", namespace="/chat", timeout=DEADLINE)
            old.ask(number + 3, "user message", f"thé {number}")
        while len(old.heard()) < 20:
            old.poll()
        expected = [
            message for number in range(10) for message in (("python", f"naïve {number}"), ("old", f"thé {number}"))
        ]
        self.assertEqual(old.heard(), expected)
        self.assertEqual([seen.get(timeout=DEADLINE) for _ in range(20)], expected)


if __name__ == "__main__":
    unittest.main()
