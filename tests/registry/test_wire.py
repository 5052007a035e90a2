"""Faults of the transfer, as a client meets them on a socket; and the server itself."""

import gzip
import http.client
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.daemon.processes import eventually
from tests.registry.examples import nct, replica_of, study
from tests.registry.faults import Fault
from tests.registry.replica import Replica
from tests.registry.server import NO_SUCH_HOST, ReplicaServer, closed_port
from tests.registry.wire import get, is_refused, sent

VERSION, STUDIES = "/api/v2/version", "/api/v2/studies"
SHORT_S = 0.2


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ReplicaServer]:
    replica = replica_of(*(study(number) for number in range(1, 6)), serial_history=False)
    with ReplicaServer(replica) as server:
        yield server


@pytest.fixture
def server(shared_server: ReplicaServer) -> Iterator[ReplicaServer]:
    shared_server.replica.faults.clear()
    shared_server.replica.log.clear()
    yield shared_server
    assert shared_server.replica.faults.waiting() == []
    response, body = get(shared_server, VERSION)
    assert (response.status, json.loads(body)["apiVersion"]) == (200, "2.0.5")


def test_it_answers_over_http_on_a_loopback_port(server: ReplicaServer) -> None:
    response, body = get(server, STUDIES, {"pageSize": "2"}, accept_encoding="gzip")
    assert response.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))["studies"]) == 2
    assert response.headers["server"] == "istio-envoy"
    assert "cache-control" not in response.headers
    assert "last-modified" not in response.headers
    assert urlsplit(server.base_url).hostname == "127.0.0.1"


def test_a_connection_is_kept_for_further_requests(server: ReplicaServer) -> None:
    with sent(server, VERSION) as connection:
        connection.getresponse().read()
        before = connection.sock
        connection.request("GET", STUDIES)
        assert connection.getresponse().read()
        assert connection.sock is before


def test_a_body_cut_short_has_fewer_bytes_than_it_said(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.CUT_SHORT)
    with sent(server, STUDIES) as connection:
        response = connection.getresponse()
        text = int(response.headers["content-length"])
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()
        assert 0 < len(caught.value.partial) < text


def test_a_chunked_body_can_lack_its_end(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.CUT_CHUNKED, share=0.9)
    with sent(server, STUDIES) as connection:
        response = connection.getresponse()
        assert response.headers["transfer-encoding"] == "chunked"
        with pytest.raises(http.client.IncompleteRead):
            response.read()


@pytest.mark.parametrize("fault", [Fault.STALL_AFTER_HEADERS, Fault.STALL_IN_BODY])
def test_an_answer_can_stall_after_its_headers(server: ReplicaServer, fault: Fault) -> None:
    server.replica.faults.add(fault)
    with sent(server, STUDIES) as connection:
        response = connection.getresponse()
        assert response.status == 200
        if fault is Fault.STALL_IN_BODY:
            assert response.read(10).startswith(b'{"studies"')
        connection.sock.settimeout(SHORT_S)  # only now: the headers may take their time
        with pytest.raises(TimeoutError):
            response.read()


def test_an_answer_can_stall_before_its_headers(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.STALL_BEFORE_HEADERS)
    with sent(server, VERSION) as connection:
        eventually(lambda: len(server.replica.log) == 1)
        connection.sock.settimeout(SHORT_S)  # only now: the request may take its time
        with pytest.raises(TimeoutError):
            connection.getresponse()
    (line,) = server.replica.log
    assert line.status is None


def test_a_connection_can_close_without_an_answer(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.CLOSED)
    with (
        sent(server, VERSION) as connection,
        pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)),
    ):
        connection.getresponse()


def test_an_answer_can_be_late_and_right(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.SLOW, seconds=0.1)
    response, _ = get(server, VERSION)
    assert response.status == 200
    assert server.replica.log.settled()
    (line,) = server.replica.log
    assert (line.seconds or 0) >= 0.09, "clocks differ a little"


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_wrong_gzip_is_no_gzip_at_all(server: ReplicaServer, accepted: str) -> None:
    server.replica.faults.add(Fault.WRONG_GZIP)
    response, body = get(server, STUDIES, accept_encoding=accepted)
    assert response.headers["content-encoding"] == "gzip"
    assert len(body) == int(response.headers["content-length"])
    assert json.loads(body)
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(body)


def test_cut_gzip_ends_too_early_in_a_whole_answer(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.CUT_GZIP, share=0.7)
    response, body = get(server, STUDIES, accept_encoding="gzip")
    assert len(body) == int(response.headers["content-length"])
    with pytest.raises(EOFError):
        gzip.decompress(body)
    assert zlib.decompressobj(31).decompress(body).startswith(b'{"studies"')


def test_a_huge_answer_is_made_as_it_is_read(server: ReplicaServer) -> None:
    """The client reads 20 MB of the gibibyte and leaves; the replica stops making it."""
    server.replica.faults.add(Fault.HUGE)
    with sent(server, STUDIES) as connection:
        response = connection.getresponse()
        assert response.read(13) == b'{"studies":[\n'
        assert response.read(20_000_000).isspace()
    assert server.replica.log.settled()
    (line,) = server.replica.log
    assert 20_000_000 < line.sent < 200_000_000


def test_a_huge_answer_ends_as_json_when_it_is_read_whole(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.HUGE, size=3_000_000)
    _, body = get(server, STUDIES)
    assert len(body) == 3_000_002
    assert json.loads(body) == {"studies": []}


def test_a_huge_answer_can_be_small_on_the_way(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.HUGE_GZIP, size=30_000_000)
    response, body = get(server, STUDIES)
    assert response.headers["content-encoding"] == "gzip"
    assert len(body) < 100_000
    assert len(gzip.decompress(body)) == 30_000_000


# --- the server -------------------------------------------------------------------------------
def test_it_counts_requests_that_are_under_way_at_once(server: ReplicaServer) -> None:
    for _ in range(3):
        server.replica.faults.add(Fault.SLOW, seconds=1.5)
    barrier = threading.Barrier(3)

    def one(_: int) -> int:
        barrier.wait()
        return get(server, VERSION)[0].status

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(3))) == [200, 200, 200]
    assert server.replica.log.max_in_flight["all"] == 3
    assert max(line.in_flight for line in server.replica.log) == 3


def test_it_stops_at_once_whatever_is_under_way_and_frees_its_port() -> None:
    replica = replica_of(study(1))
    with ReplicaServer(replica) as server:
        replica.faults.add(Fault.STALL_BEFORE_HEADERS)
        replica.faults.add(Fault.STALL_AFTER_HEADERS)
        stalled = [sent(server, VERSION), sent(server, VERSION)]
        connections = [one.__enter__() for one in stalled]
        response = connections[1].getresponse()
        server.stop()
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            connections[0].getresponse()
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            response.read()
        for one in stalled:
            one.__exit__(None, None, None)
        assert is_refused(server.base_url)
    assert len(replica.log) == 2


def test_an_error_of_the_replica_itself_is_not_mistaken_for_a_fault() -> None:
    class Broken:
        """A catalogue that cannot be read."""

        def find(self, *_: object) -> None:
            raise LookupError("the catalogue is broken")

    replica = replica_of(study(1))
    replica.world.catalogue = Broken()  # type: ignore[assignment]
    with (
        pytest.raises(LookupError, match="the catalogue is broken"),
        ReplicaServer(replica) as server,
    ):
        assert get(server, f"{STUDIES}/{nct(1)}")[0].status == 500


def test_several_servers_stand_side_by_side() -> None:
    with ReplicaServer(replica_of(study(1))) as one, ReplicaServer(replica_of()) as other:
        assert one.port != other.port
        assert get(one, f"{STUDIES}/{nct(1)}")[0].status == 200
        assert get(other, f"{STUDIES}/{nct(1)}")[0].status == 404


def test_a_closed_port_refuses_and_cannot_be_taken() -> None:
    with closed_port() as url:
        assert is_refused(url)
        port = urlsplit(url).port
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", port or 0)).close()


def test_the_name_that_is_never_found_is_not() -> None:
    host = str(urlsplit(NO_SUCH_HOST).hostname)
    assert host.endswith(".invalid")
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(host, 80)


def test_a_client_that_comes_before_the_server_is_ready_waits() -> None:
    server = ReplicaServer(Replica(replica_of(study(1)).world))
    with sent(server, VERSION) as connection:
        server.start()
        assert connection.getresponse().status == 200
    server.stop()
