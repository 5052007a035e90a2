"""A program that makes a store and writes into it at the same time as others do."""

from multiprocessing.synchronize import Barrier

from monitor.store.writer import open_store
from tests.store.examples import add_series, document


def make_and_write(url: str, nct_id: str, others: Barrier) -> None:
    """Make the store and write a trial, once all others are about to."""
    others.wait(60)
    with open_store(url) as store:
        add_series(store, [document(nct_id)], nct_id)
