"""Stand between a client and a port, some way off: `delay.py LISTENING-DESCRIPTOR PORT SECONDS-ONE-WAY`."""

import asyncio
import socket
import sys
from contextlib import suppress


async def carry(source: asyncio.StreamReader, destination: asyncio.StreamWriter, delay: float) -> None:
    """Hand on what comes, each piece so much later; the next does not wait for the one before."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while data := await source.read(1 << 18):
            loop.call_later(delay, destination.write, data)
    loop.call_later(delay, destination.close)


async def serve(server: socket.socket, port: int, delay: float) -> None:
    connections: set[asyncio.Task[None] | None] = set()  # the event loop alone keeps only weak references

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.current_task())
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        for end in (writer, far_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(carry(reader, far_writer, delay), carry(far_reader, writer, delay))

    await (await asyncio.start_server(connect, sock=server)).serve_forever()


if __name__ == "__main__":
    descriptor, port, delay = sys.argv[1:]
    asyncio.run(serve(socket.socket(fileno=int(descriptor)), int(port), float(delay)))
