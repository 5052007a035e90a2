"""A connection is shut down from outside, now or as soon as there is one."""

import socket
import threading

import pytest

from monitor.deadlines.sockets import SocketHandle


def is_shut_down(sock: socket.socket) -> bool:
    sock.settimeout(5)
    return sock.recv(1) == b""


def test_a_reader_wakes_when_its_connection_is_cut() -> None:
    ours, theirs = socket.socketpair()
    line = SocketHandle()
    with ours, theirs:
        line.use(ours)
        threading.Timer(0.05, line.cut).start()
        assert is_shut_down(ours)
        assert line.is_cut


def test_a_connection_that_comes_after_the_end_is_cut_too() -> None:
    ours, theirs = socket.socketpair()
    line = SocketHandle()
    with ours, theirs:
        line.cut()
        line.use(ours)
        assert is_shut_down(ours)


@pytest.mark.parametrize("connected", [None, object()])
def test_what_is_no_socket_cannot_be_cut_and_does_no_harm(connected: object) -> None:
    line = SocketHandle()
    line.use(connected)
    line.cut()
