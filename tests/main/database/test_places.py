"""Folders and lock of the embedded database."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from main.database.host import IS_ROOT, Host
from mingdu.main.database import start
from mingdu.main.database.places import (
    DataFolderUnreachable,
    FolderTaken,
    held,
    may_pass,
    places_of,
    refuse_unreachable,
)
from mingdu.main.database.system_user import SystemUser
from mingdu.main.environment import Environment

pytestmark = pytest.mark.database
SERVER_USER = SystemUser("mingdu", 991, 992)


def test_names_the_socket_folder_by_the_data_folder(tmp_path: Path) -> None:
    ours, theirs = (places_of(Environment(tmp_path, tmp_path / name)) for name in ("ours", "theirs"))
    assert ours.socket_folder != theirs.socket_folder
    assert ours.socket_folder.parent == Path("/run" if IS_ROOT else "/tmp")


def test_keeps_data_of_root_out_of_the_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    with pytest.raises(DataFolderUnreachable, match="never lies inside the checkout"):
        refuse_unreachable(checkout / "data", SERVER_USER, checkout)
    assert not checkout.exists()


def test_refuses_a_data_folder_below_a_closed_one(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DataFolderUnreachable) as refused:
        refuse_unreachable(closed / "data", SERVER_USER, tmp_path / "checkout")
    assert refused.value.values["closed"] == str(closed)
    assert "MINGDU_DATA" in refused.value.next


def test_lets_a_person_choose_his_own_folder(tmp_path: Path) -> None:
    refuse_unreachable(tmp_path / "data", None, tmp_path)


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "expected"),
    [
        (0o700, 991, 0, True),
        (0o077, 991, 992, False),
        (0o710, 0, 992, True),
        (0o701, 0, 992, False),
        (0o701, 0, 0, True),
        (0o770, 0, 0, False),
    ],
)
def test_reads_permission_bits_as_the_system_does(mode: int, uid: int, gid: int, expected: bool) -> None:
    facts = os.stat_result((0o040000 | mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))
    assert may_pass(facts, SERVER_USER) is expected


@pytest.mark.parametrize("squatter", ["link", "file", "open folder"])
def test_refuses_a_socket_folder_that_somebody_made_first(
    host: Host, fresh: Environment, squatter: str
) -> None:
    squatted = host.call(places_of, fresh).socket_folder
    if squatter == "link":
        squatted.symlink_to(host.folder)
    elif squatter == "file":
        squatted.write_text("")
    else:
        squatted.mkdir()
        squatted.chmod(0o777)
    with pytest.raises(FolderTaken, match="not a folder with mode 0700"):
        host.call(start, fresh)
    squatted.rmdir() if squatter == "open folder" else squatted.unlink()
    assert not places_of(fresh).cluster.exists()


def test_lets_one_hold_the_lock_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []
    first_holds, second_waits = threading.Event(), threading.Event()

    def second() -> None:
        first_holds.wait()
        second_waits.set()
        with held(tmp_path / "lock"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with held(tmp_path / "lock"):
        first_holds.set()
        second_waits.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
