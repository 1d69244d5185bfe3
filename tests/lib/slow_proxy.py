"""A TCP proxy that makes a broker slow: bytes wait `delay_s` and then trickle at `bytes_per_s`, each way.

A broker behind it must advertise the proxy's port (see harness.Flow.slow_broker), since clients go where the metadata
sends them.
"""
import asyncio
import contextlib
import threading

CHUNK = 16384


class SlowProxy:
    """Runs on a thread of its own from start() to stop(); delay_s and bytes_per_s (None: any) may be set meanwhile."""

    def __init__(self, port, target_port):
        self.port, self.target_port = port, target_port
        self.delay_s, self.bytes_per_s = 0.0, None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.listening = threading.Event()

    def start(self):
        self.thread.start()
        if not self.listening.wait(10):
            raise OSError(f"the proxy does not listen on port {self.port}")
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self._end)
        self.thread.join(10)

    def _end(self):
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.call_soon(self.loop.stop)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self.listening.set()
        self.loop.run_forever()

    async def _accept(self, reader, writer):
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._carry(reader, to_writer), self._carry(to_reader, writer), return_exceptions=True)

    async def _carry(self, reader, writer):
        with contextlib.suppress(OSError):
            while True:
                data = await reader.read(CHUNK)
                if not data:
                    break
                pause = self.delay_s + (len(data) / self.bytes_per_s if self.bytes_per_s else 0)
                if pause:
                    await asyncio.sleep(pause)
                writer.write(data)
                await writer.drain()
        writer.close()
