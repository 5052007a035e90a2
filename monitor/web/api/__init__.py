"""The JSON API, version 1: what ``monitor.api`` gives Python programs, over HTTP."""
