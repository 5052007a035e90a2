"""The watch: cuts a connection from outside, now or as soon as there is one."""

import socket
import threading

import pytest

from monitor.deadlines.sockets import SocketHandle
from monitor.sources.http.watch import Watch


def is_shut_down(sock: socket.socket) -> bool:
    sock.settimeout(5)
    return sock.recv(1) == b""


def test_a_reader_wakes_when_the_time_is_over() -> None:
    ours, theirs = socket.socketpair()
    line = SocketHandle()
    with ours, theirs:
        line.use(ours)
        with Watch(line, seconds=0.05, stop=None) as watch:
            assert is_shut_down(ours)
        assert watch.verdict == "late"


def test_a_connection_that_comes_after_the_end_is_cut_too() -> None:
    ours, theirs = socket.socketpair()
    line = SocketHandle()
    with ours, theirs:
        line.cut()
        line.use(ours)
        assert is_shut_down(ours)


def test_stopping_is_told_from_being_late() -> None:
    stop = threading.Event()
    stop.set()
    ours, theirs = socket.socketpair()
    line = SocketHandle()
    with ours, theirs:
        line.use(ours)
        with Watch(line, seconds=60, stop=stop) as watch:
            assert is_shut_down(ours)
        assert watch.verdict == "stopped"


def test_who_is_done_in_time_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    line = SocketHandle()
    with ours, theirs:
        line.use(ours)
        with Watch(line, seconds=60, stop=threading.Event()) as watch:
            pass
        assert watch.verdict is None
        theirs.sendall(b"x")
        assert not is_shut_down(ours)
    line.cut()  # of a closed socket: no error


@pytest.mark.parametrize("connected", [None, object()])
def test_what_is_no_socket_cannot_be_cut_and_does_no_harm(connected: object) -> None:
    line = SocketHandle()
    line.use(connected)
    line.cut()
