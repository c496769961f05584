# SPDX-License-Identifier: MIT
#
# The conversation of tests/system/test_interop.c in Python, with aiorpcX from Debian (python3-aiorpcx). It brings its own TCP connection and its own
# framing by newlines, so nothing of the protocol is written here. What it does not hand on is the `data` of an error.
#
#   client.py <port>

import asyncio
import json
import sys

try:
    from aiorpcx import RPCError, RPCSession, connect_rs
except ImportError as error:
    print("not installed:", error)
    sys.exit(77)


class Session(RPCSession):
    """A connection to the server, and the changes that it was told."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.changes = asyncio.Queue()
        self.lost = asyncio.Event()

    async def handle_request(self, request):
        if request.method == "presence":
            for change in request.args["changes"]:
                self.changes.put_nowait(change)

    async def connection_lost(self):
        await super().connection_lost()
        self.lost.set()


def say(*words):
    print(*(word if isinstance(word, str) else json.dumps(word, separators=(",", ":")) for word in words), flush=True)


async def say_change(session):
    change = await session.changes.get()
    assert isinstance(change["at"], int), "a change without its time"
    say("presence", json.dumps(change["user_id"]), change["online"], change.get("status", change.get("reason", "")))


async def say_error(session, method, params):
    try:
        await session.send_request(method, params)
        say("no error")
    except RPCError as error:
        say("error", error.code)


async def converse(session):
    say("ping", await session.send_request("ping"))
    await say_error(session, "follow", {"friends": [8]})
    login = await session.send_request("login", {"user_id": 1, "friends": [7, 8]})
    assert isinstance(login["session"], str) and isinstance(login["heartbeat"], int)
    say("login", login["online"])
    await say_change(session)
    await say_change(session)
    say("follow", (await session.send_request("follow", {"friends": ["zoe"]}))["online"])
    await say_change(session)
    await session.send_notification("status", {"status": "busy"})
    await say_change(session)
    await say_change(session)
    say("online", (await session.send_request("online", {"users": [7, 8, "zoe"]}))["online"])
    async with session.send_batch() as batch:
        batch.add_request("ping")
        batch.add_notification("status", {"status": None})
        batch.add_request("online", {"users": [7]})
        batch.add_request("fly")
    say("batch", batch.results[0], batch.results[1]["online"], batch.results[2].code)
    await say_error(session, "fly", {})
    say("unfollow", await session.send_request("unfollow", {"friends": [7]}))
    say("logout", await session.send_request("logout"))
    await session.lost.wait()
    say("closed")


async def main():
    async with connect_rs("127.0.0.1", int(sys.argv[1]), session_factory=Session) as session:
        await converse(session)


asyncio.run(main())
