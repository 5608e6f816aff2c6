"""The network between nodes: a TCP proxy in front of each node's peer listener, which can hold back what one node says to
another. Bytes that are held arrive when the cut heals, as TCP would bring them; a connection that is asked for meanwhile
is made then. An end that closes is noticed at once, unless that very direction is cut.

Who dials is learnt from the system: the process that owns the other end of the connection.

As a program: proxy.py PORT=TARGET…, one for each node in the order of their ids; says `ready`, then obeys lines on stdin
(`node ID PID`, `cut FROM TO`, `heal`), each answered by `ok`. It ends with its stdin.
"""
import asyncio
import os
import subprocess
import sys

CHUNK_BYTES = 1 << 16
DIALLER_SECONDS = 2
LOOPBACK = "0100007F"


class Gates:
    """Which directions are open. Events exist once they are asked for."""

    def __init__(self):
        self.events = {}

    def of(self, source, target):
        if (source, target) not in self.events:
            self.events[source, target] = asyncio.Event()
            self.events[source, target].set()
        return self.events[source, target]

    def cut(self, source, target):
        self.of(source, target).clear()

    def heal(self):
        for event in self.events.values():
            event.set()


def socket_inode(local_port, remote_port):
    """The inode of the socket with these two ports on loopback; None when it is gone."""
    ends = f"{LOOPBACK}:{local_port:04X} {LOOPBACK}:{remote_port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if f"{words[1]} {words[2]}" == ends:
                return words[9]
    return None


def owns(pid, inode):
    try:
        folder = f"/proc/{pid}/fd"
        return any(os.readlink(f"{folder}/{fd}") == f"socket:[{inode}]" for fd in os.listdir(folder))
    except OSError:  # it ended meanwhile
        return False


class Proxy:
    def __init__(self):
        self.gates = Gates()
        self.pids = {}
        self.tasks = set()

    async def dialler(self, port, own_port):
        """The node that dialled: it may have been started a moment before we are told of it."""
        for _ in range(DIALLER_SECONDS * 100):
            inode = socket_inode(port, own_port)
            for node, pid in self.pids.items():
                if inode and owns(pid, inode):
                    return node
            await asyncio.sleep(0.01)
        return None

    async def serve(self, own_port, target_port, target):
        async def accepted(reader, writer):
            source = await self.dialler(writer.get_extra_info("peername")[1], own_port)
            if source is None:
                return writer.close()
            # Neither the first packet nor its answer passes a cut.
            await self.gates.of(source, target).wait()
            await self.gates.of(target, source).wait()
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target_port)
            except OSError:
                return writer.close()
            for task in (self.pump(reader, far_writer, self.gates.of(source, target)),
                         self.pump(far_reader, writer, self.gates.of(target, source))):
                running = asyncio.ensure_future(task)
                self.tasks.add(running)
                running.add_done_callback(self.tasks.discard)
            return None
        await asyncio.start_server(accepted, "127.0.0.1", own_port)

    async def pump(self, reader, writer, gate):
        try:
            while True:
                await gate.wait()
                chunk = await reader.read(CHUNK_BYTES)
                await gate.wait()
                if not chunk:
                    break
                writer.write(chunk)
                await writer.drain()
        except OSError:
            await gate.wait()
        writer.close()

    def obey(self, words):
        if words[0] == "node":
            self.pids[int(words[1])] = int(words[2])
        elif words[0] == "cut":
            self.gates.cut(int(words[1]), int(words[2]))
        else:
            self.gates.heal()


async def main(pairs):
    proxy = Proxy()
    for node, pair in enumerate(pairs, 1):
        own_port, target_port = map(int, pair.split("="))
        await proxy.serve(own_port, target_port, node)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print("ready", flush=True)
    while line := await orders.readline():
        proxy.obey(line.decode().split())
        print("ok", flush=True)


class Network:
    """The proxy as a process of its own, so that its clients' work does not slow it down."""

    def __init__(self, own_ports, target_ports):
        pairs = [f"{own}={target}" for own, target in zip(own_ports, target_ports)]
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), *pairs], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError("the proxy between the nodes did not start")

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "ok\n":
            raise AssertionError(f"the proxy between the nodes ended at {words}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
