"""A plugin's process: what it offers, how it serves, and how it ends."""

import asyncio
import dataclasses
import json
import logging
import os
import re
import signal
import sys
import threading
import typing

import grpc

from . import task_pb2 as pb
from .attempt import Attempt, decode, failure
from .host import Failure
from .log import handler

COOKIE = "c2b7e7a0-9d0b-4d3c-8f39-5d0c3a6f1b52"
OURS = re.compile("HOSTELRY_(PLUGIN|LIFELINE|LOG)$|PLUGIN_")  # variables; what a task starts is no plugin [env-children]
MAX_MESSAGE = 130 << 20  # bytes [rpc-size]
FAREWELL = 0.7  # seconds that tasks have once their host is gone [end-host-gone]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of task: run(config, host) is one attempt, in a thread of its own.

    config is a dataclass with the fields that schema, a JSON Schema, describes; it may
    raise ValueError. What run returns encodes as JSON, or is None.
    """

    name: str
    description: str
    schema: dict
    config: type
    run: typing.Callable


def main(name, version, *kinds):
    """Serve kinds to the host that started this process, and exit when it is done or gone.

    Call it once, before anything is printed. From then on, what is printed and logged
    goes to the host's log, and SIGINT is left to the host. Started by a person, it says
    on stderr what the plugin is, and exits with status 2.
    """
    told = {key: os.environ.pop(key) for key in list(os.environ) if OURS.match(key)}
    if told.get("HOSTELRY_PLUGIN") != COOKIE:
        sys.exit(explain(name, version, kinds))
    if told.get("PLUGIN_CLIENT_CERT"):
        sys.exit("this plugin cannot speak TLS, for which its host asks: run it on Linux")
    sys.stdout.reconfigure(line_buffering=True)
    logging.basicConfig(level=logging.DEBUG, handlers=[handler()])  # the host filters
    logging.getLogger("asyncio").setLevel(logging.INFO)
    asyncio.run(Plugin(name, version, kinds).serve(told["PLUGIN_UNIX_SOCKET_DIR"], told.get("HOSTELRY_LIFELINE")))
    os._exit(0)  # also if a task has not ended


def explain(name, version, kinds):
    where = os.path.dirname(os.path.abspath(sys.argv[0]))
    print(f"{name} {version} is a Hostelry plugin: a host starts it, it does nothing by itself.", file=sys.stderr)
    for kind in kinds:
        print(f"  {kind.name}  {kind.description}", file=sys.stderr)
    print(f"To run one: hostelry run --plugins {where} {kinds[0].name} --set KEY=VALUE", file=sys.stderr)
    return 2


class Plugin:
    """The service, and the process's end. All of it happens on the event loop."""

    def __init__(self, name, version, kinds):
        self.name, self.version, self.kinds = name, version, kinds
        self.attempts = set()  # those whose task has not ended
        self.closing, self.gone = asyncio.Event(), asyncio.Event()

    async def describe(self, _request, _context):
        return pb.DescribeResponse(name=self.name, version=self.version, kinds=[
            pb.Kind(name=k.name, description=k.description, config_schema=json.dumps(k.schema).encode())
            for k in self.kinds
        ])

    async def run(self, _requests, stream):
        request = await stream.read()
        if request is grpc.aio.EOF or not request.HasField("start"):
            await stream.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first message of a Run stream must be start")
        if self.closing.is_set() or self.gone.is_set():
            await stream.abort(grpc.StatusCode.UNAVAILABLE, "the plugin is stopping")
        try:
            kind, config = self.make(request.start)
            attempt = Attempt(stream, request.start)
        except Exception as error:
            await stream.write(pb.RunResponse(finished=pb.Finished(failure=failure(error))))
            return
        threading.Thread(target=attempt.run, args=(kind, config), daemon=True).start()
        self.attempts.add(attempt)
        attempt.ended.add_done_callback(lambda _: self.attempts.discard(attempt))
        listening = asyncio.create_task(attempt.listen())
        try:
            await attempt.write(finished=await asyncio.shield(attempt.ended))
        finally:  # also if the host has cancelled the call
            listening.cancel()
            attempt.lose()

    def make(self, start):
        for kind in self.kinds:
            if kind.name == start.kind:
                return kind, typed(kind.config, decode("config", start.config or b"{}", pb.CODE_BAD_CONFIG))
        raise Failure(f"plugin {self.name!r} does not offer {start.kind!r}", code=pb.CODE_UNKNOWN_KIND)

    async def serve(self, directory, lifeline):
        server = grpc.aio.server(options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)])
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("hostelry.v1.TaskService", {
            "Describe": grpc.unary_unary_rpc_method_handler(
                self.describe, pb.DescribeRequest.FromString, pb.DescribeResponse.SerializeToString),
            "Run": grpc.stream_stream_rpc_method_handler(
                self.run, pb.RunRequest.FromString, pb.RunResponse.SerializeToString),
        }),))
        address = f"{directory}/{os.getpid()}.sock"
        server.add_insecure_port(f"unix:{address}")
        await server.start()
        print(f"1|1|unix|{address}|grpc", flush=True)
        self.watch(lifeline)
        await either(self.closing.wait(), self.gone.wait())
        if not self.gone.is_set():
            for attempt in self.attempts:
                attempt.stop()
            await either(self.idle(), self.gone.wait())
        if not self.gone.is_set():
            await server.stop(FAREWELL)  # when the last words are sent
            return
        for attempt in self.attempts:
            attempt.lose()
        await either(self.idle(), asyncio.sleep(FAREWELL))

    def watch(self, lifeline):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.closing.set)
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # ignored instead, it would be by what a task starts
        if lifeline != "stdin":
            return
        line = os.dup(0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what a task starts reads nothing of the host's
        loop.add_reader(line, lambda: os.read(line, 4096) or self.lost(line))

    def lost(self, line):
        asyncio.get_running_loop().remove_reader(line)
        self.gone.set()

    async def idle(self):
        while self.attempts:
            await asyncio.wait([attempt.ended for attempt in self.attempts])


async def either(*waits):
    waiting = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for wait in waiting:
        wait.cancel()


def typed(config, fields):
    """Return fields as the dataclass config. A host has checked them, another may not have."""
    try:
        if not isinstance(fields, dict):
            raise TypeError("it is no JSON object")
        types = typing.get_type_hints(config)
        for name, value in fields.items():
            want = typing.get_origin(types.get(name)) or types.get(name)
            if isinstance(want, type) and not fits(value, want):
                raise TypeError(f"{name} is {value!r}, not of type {want.__name__}")
        return config(**fields)
    except (TypeError, ValueError) as reason:
        raise Failure(f"bad config: {str(reason).split('__init__() ')[-1]}", code=pb.CODE_BAD_CONFIG) from reason


def fits(value, want):
    if isinstance(value, bool) and want in (int, float):
        return False
    return isinstance(value, (int, float) if want is float else want)
