"""Deadlines: end work that does not end by itself.

A library's timeout bounds the silence between two reads, never the whole conversation. Here is the
one mechanism for the whole: work runs in a thread of its own (``threads``); when its time is over,
its socket is shut down from outside (``sockets``), and where that does not help either, the thread
is abandoned.
"""
