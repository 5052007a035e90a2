"""A replica of the registry's API for tests: dated records, faults, a log of requests.

records = Records()
records.put(document, on="2026-03-02")
world = World(records, day="2026-03-02")
with ReplicaServer(Replica(world)) as server:
    server.replica.faults.add(Fault.UNAVAILABLE, when=lambda asked: asked.is_list)
    …                       # a client polls server.base_url
    world.advance()         # the next data date
assert server.replica.log.statuses()[503] == 1
"""

from tests.registry.asked import Asked, Logged, RequestLog
from tests.registry.faults import Fault, Faults, Planned
from tests.registry.process import ReplicaProcess
from tests.registry.records import Records
from tests.registry.replica import Replica
from tests.registry.server import NO_SUCH_HOST, ReplicaServer, closed_port
from tests.registry.world import World

__all__ = [
    "NO_SUCH_HOST",
    "Asked",
    "Fault",
    "Faults",
    "Logged",
    "Planned",
    "Records",
    "Replica",
    "ReplicaProcess",
    "ReplicaServer",
    "RequestLog",
    "World",
    "closed_port",
]
