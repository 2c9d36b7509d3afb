"""A stranger sends a body in chunks of one byte: how much longer GETs of others take.

Service and stranger are processes of their own. Run with
``python -m tests.benchmarks.bench_chunks``.
"""

from __future__ import annotations

import statistics
import time
from urllib.parse import urlsplit

import requests

from tests.benchmarks.bench_quick import SERVE, running
from tests.benchmarks.figures import report, size

STRANGER = """
import socket
host, port, number = {address}
head = b"POST /v1/jobs HTTP/1.1\\r\\nHost: localhost\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"
print("sending", flush=True)
while True:
    try:
        with socket.create_connection((host, port)) as connection:
            connection.sendall(head)
            while True:
                connection.sendall(b"1\\r\\nx\\r\\n" * number)
    except ConnectionError:
        pass
"""
GETS = size(400, 10)


def median_of_gets(session: requests.Session, url: str) -> float:
    """Milliseconds."""
    times: list[float] = []
    for _ in range(GETS):
        began = time.perf_counter()
        session.get(f"{url}/backends").raise_for_status()
        times.append(1e3 * (time.perf_counter() - began))
        time.sleep(0.005)
    return statistics.median(times)


def main() -> None:
    """Chunks that come one by one, and many at once."""
    with running(SERVE) as (url, token, instance), requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Authorization": f"Bearer {token}", "Service-CRN": instance})
        median_of_gets(session, url)
        address = urlsplit(url)
        for number in (1, 10_000):
            alone = median_of_gets(session, url)
            stranger = STRANGER.format(address=(address.hostname, address.port, number))
            with running(stranger):
                beside = median_of_gets(session, url)
            name = f"GET beside one-byte chunks, {number:,} at once, times as long"
            report(name, beside / alone, 2)


if __name__ == "__main__":
    main()
