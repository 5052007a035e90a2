"""What `monitor follow` and `monitor unfollow` write is taken up by a monitor that runs."""

from pathlib import Path

from tests.cli.calls import Monitor
from tests.daemon.processes import Running, configure, eventually
from tests.registry import Records, Replica, ReplicaServer, World
from tests.registry import examples as registry

BOX = '[[channel]]\nname = "box"\ntype = "folder"\npath = "{folder}/box"\nformats = ["json"]\n'


def test_a_running_monitor_reads_at_once_what_is_followed(tmp_path: Path, sqlite_url: str) -> None:
    records = Records()
    for number in (101, 102, 103):
        records.put(registry.study(number), on=registry.MONDAY)
    with ReplicaServer(Replica(World(records, day=registry.MONDAY))) as server:
        source = (
            f'name = "others"\ntype = "ctgov"\nbase_url = "{server.base_url}"\n'
            f'nct_ids = ["{registry.nct(101)}"]\nevery = "1d"'
        )
        file = configure(tmp_path, sqlite_url, source)
        file.write_text(f"{file.read_text('utf-8')}\n{BOX.format(folder=tmp_path)}", "utf-8")
        monitor = Monitor(sqlite_url, tmp_path, {"MONITOR_CONFIG": str(file)})

        def stored() -> set[str]:
            return {one["nct_id"] for one in monitor.json("trials")}

        with Running(file) as daemon:
            daemon.wait_for("pass finished", source="others")
            text = monitor.answer("follow", registry.nct(102))
            assert text.endswith("the running monitor takes this up within seconds\n")
            eventually(lambda: registry.nct(102) in stored())
            # Of a source that was read a moment ago, and is due in a day.
            monitor.answer("follow", registry.nct(103))
            eventually(lambda: registry.nct(103) in stored())
            file.write_text(f"{file.read_text('utf-8')}\nevry = 3", "utf-8")
            other = tmp_path / "other"
            other.mkdir()
            monitor.environ["MONITOR_CONFIG"] = str(configure(other, sqlite_url))
            monitor.answer("unfollow", registry.nct(102), registry.nct(103))
            daemon.wait_for("followed trials applied", count=0)
            eventually(lambda: daemon.page("/healthz")[1]["sources"] == ["others"])
            assert not daemon.entries("configuration refused")
            assert daemon.stop() == 0
