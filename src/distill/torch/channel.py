"""The connection between the trainers in TypeScript and a process of torch, and the loop that answers what comes over it.

A message is a line of JSON and the arrays that its "arrays" names ([name, type, shape]), little-endian, one after another.
"""

import json
import math
import os
import queue
import signal
import socket
import threading

# Before torch is loaded. Threads that wait by spinning take the cores from the samplers: five times as slow.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.distributed as dist

TYPES = {"float32": torch.float32, "int32": torch.int32, "uint8": torch.uint8}
READ_AHEAD = 2  # messages that wait to be computed


class Channel:
    """Messages over a socket. Reading happens in a thread, so that the next batch is there when a step ends."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb", buffering=1 << 20)
        self.messages = queue.Queue(READ_AHEAD)

    def start_reading(self):
        threading.Thread(target=self._read_all, daemon=True).start()

    def next(self):
        """The next message; None when the caller has gone."""
        return self.messages.get()

    def _read_all(self):
        try:
            while True:
                message = self._read()
                self.messages.put(message)
                if message is None:
                    return
        except (OSError, ValueError):
            self.messages.put(None)

    def _read(self):
        line = self.stream.readline()
        if not line:
            return None
        message = json.loads(line)
        for name, kind, shape in message.pop("arrays", []):
            dtype, count = TYPES[kind], math.prod(shape)
            if count == 0:
                message[name] = torch.empty(shape, dtype=dtype)
                continue
            content = bytearray(count * torch.empty(0, dtype=dtype).element_size())
            if self.stream.readinto(content) != len(content):
                return None
            message[name] = torch.frombuffer(content, dtype=dtype).view(shape)
        return message

    def write(self, message, **arrays):
        message["arrays"] = [[name, "float32", list(a.shape)] for name, a in arrays.items()]
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        for array in arrays.values():
            if array.numel() == 0:
                continue
            content = bytearray(array.numel() * 4)
            torch.frombuffer(content, dtype=torch.float32).copy_(array.detach().flatten())
            self.socket.sendall(content)


def serve(engine):
    """
    Connects to the caller, is set up, and answers until it goes. `engine` is made with the channel, the setup's message
    and the device; the messages that it answers, its methods of the same names, are in its ANSWERS.
    """
    # The caller alone decides about Ctrl-C: it ends the training with a checkpoint.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Denormal numbers are 10 times as slow.
    torch.set_flush_denormal(True)
    address, token = os.environ["MASKINV_TRAINER"], os.environ["MASKINV_TOKEN"]
    rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    channel = Channel(address)
    hello = {"kind": "hello", "token": token, "rank": rank, "processes": processes}
    channel.write({**hello, "torch": torch.__version__})
    channel.start_reading()
    try:
        if processes > 1:
            dist.init_process_group("gloo")
        setup = channel.next()
        if setup is None:
            return
        if setup["threads"]:
            torch.set_num_threads(setup["threads"])
        training = engine(channel, setup, torch.device(setup["device"]))
        channel.write({"kind": "ready"})
        while True:
            message = channel.next()
            if message is None or message["kind"] not in engine.ANSWERS:
                break
            getattr(training, message["kind"])(message)
    except Exception as error:
        channel.write({"kind": "error", "message": f"{type(error).__name__}: {error}"})
        raise
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
