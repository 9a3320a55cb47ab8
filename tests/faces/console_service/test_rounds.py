"""The round of a cycle at the desk: looked at, sent once, looked after; and what the readers met."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from faces.console.desk import colleague, followed, said, text_of
from faces.console_service.stage import BOOK, PICTURE, actor, new_cycle
from faces.small_utility import NOW, Utility
from mingdu.rounds.models import FieldVisit, RoundStop
from mingdu.work.processes import finish_step

pytestmark = pytest.mark.database

CYCLES, VISITS = "/console/cycles/", "/console/visits/"
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture(scope="module")
def clerk(utility: Utility) -> Client:
    return colleague("clerk")


@pytest.fixture(scope="module")
def visited(utility: Utility, clerk: Client) -> int:
    """A cycle whose whole book was sent out; one door was locked, one value was read."""
    run = new_cycle(DECEMBER)
    finish_step(run, "prepare", outcome="done", by=actor("clerk"), at=NOW)
    utility.post(f"reading-cycles/{run}/round", "clerk", {"is_by_hand": True})
    first, second = RoundStop.objects.filter(cycle__run_id=run).order_by("place")[:2]
    photo = utility.post_file("attachments", PICTURE, "reader").json()["id"]
    common = {"taken_at": "2027-01-04T08:59:00+08:00"}
    shut = {"client_id": "shut", "task_id": first.task_id, "outcome": "locked", "note": "敲门<b>无人</b>"}
    read = {"client_id": "seen", "task_id": second.task_id, "outcome": "read", "is_confirmed": True}
    value = {
        "client_id": "value", "task_id": second.task_id, "register": "TOTAL", "value": "99999.00",
        "read_at": "2027-01-01T00:00:00+08:00",
    }  # fmt: skip
    visits = [shut | common | {"photo": photo}, read | common]
    sent = {"items": [value | common], "visits": visits}
    results = utility.post("rounds/sync", "reader", sent).json()["results"]
    assert [each["status"] for each in results] == ["accepted"] * 3
    return run


def test_the_page_tells_what_would_be_sent_before_it_is(utility: Utility, clerk: Client) -> None:
    run = new_cycle(NOVEMBER)
    page = text_of(clerk, f"{CYCLES}{run}/round/")
    assert "清单尚未冻结" in page
    assert "现场补抄" not in text_of(clerk, f"{CYCLES}{run}/")
    refused = said(clerk.post(f"{CYCLES}{run}/round/", {"scope": "missing"}), 422)
    assert "只有“抄表”环节进行中才能派人补抄" in refused
    finish_step(run, "prepare", outcome="done", by=actor("clerk"), at=NOW)
    assert "现场补抄" in text_of(clerk, f"{CYCLES}{run}/")
    whole = text_of(clerk, f"{CYCLES}{run}/round/?scope=by_hand&readers={actor('reader').number}")
    assert "reader 员工" in whole and "派出" in whole and "按线路顺序" in whole
    assert not RoundStop.objects.filter(cycle__run_id=run).exists()
    # A choice that is none says so and sends nothing.
    assert "errorlist" in said(clerk.post(f"{CYCLES}{run}/round/", {"scope": "elsewhere"}), 422)


def test_sending_twice_sends_once_and_is_looked_after(utility: Utility, clerk: Client) -> None:
    run = new_cycle(NOVEMBER)
    form: dict[str, object] = {"scope": "by_hand", "readers": [actor("reader").number]}
    after = followed(clerk, f"{CYCLES}{run}/round/", form)
    assert "补抄任务已在抄表员的路线上" in after and "reader 员工" in after
    count = RoundStop.objects.filter(cycle__run_id=run).count()
    assert count > 0
    followed(clerk, f"{CYCLES}{run}/round/", form)
    assert RoundStop.objects.filter(cycle__run_id=run).count() == count
    assert "没有新增" in text_of(clerk, f"{CYCLES}{run}/round/?scope=by_hand")
    assert f"{VISITS}?book={BOOK}" in after
    assert "自动抄回" in followed(clerk, f"{CYCLES}{run}/round/refresh/")


def test_the_door_for_programs_tells_how_far_it_is(utility: Utility, visited: int) -> None:
    found = utility.get(f"reading-cycles/{visited}/round", "engineer").json()
    again = utility.post(f"reading-cycles/{visited}/round", "clerk", {"is_by_hand": True}).json()
    assert again == found
    assert found["read_at"] == "2027-01-01T00:00:00+08:00"
    assert found["sent"] == found["read"] + found["missed"] + found["waiting"]
    assert sum(each["sent"] for each in found["readers"]) == found["sent"]
    refreshed = utility.post(f"reading-cycles/{visited}/round/refresh", "clerk").json()
    assert refreshed["sent"] == found["sent"]
    bad = utility.post(f"reading-cycles/{visited}/round", "clerk", {"readers": [0]})
    assert bad.json()["code"] == "BadInput"
    nobody = utility.post(f"reading-cycles/{visited}/round", "clerk", {"readers": [999_999]})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "UnknownPerson")


def test_visits_tell_who_met_what_where(utility: Utility, clerk: Client, visited: int) -> None:
    page = text_of(clerk, VISITS)
    for words in ("reader 员工", "锁门", "已抄", "异常已确认", "敲门&lt;b&gt;无人", "99,999.00", "/photo/"):
        assert words in page, words
    assert f'href="/console/cycles/{visited}/"' in page
    assert "0530100" in page


def test_visits_are_filtered_and_an_empty_list_says_what_to_do(
    utility: Utility, clerk: Client, visited: int
) -> None:
    locked = text_of(clerk, f"{VISITS}?outcome=locked&book={BOOK}&reader={actor('reader').number}")
    assert "敲门" in locked and "99,999.00" not in locked
    assert "没有符合条件的走访" in text_of(clerk, f"{VISITS}?day=2020-01-01")
    # What no filter can be is left out.
    assert "敲门" in text_of(clerk, f"{VISITS}?day=neverday&reader=x&outcome=dance")


def test_a_photo_is_shown_to_those_who_see_the_visit(utility: Utility, clerk: Client, visited: int) -> None:
    shut, seen = FieldVisit.objects.order_by("pk")
    answer = clerk.get(f"{VISITS}{shut.pk}/photo/")
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert clerk.get(f"{VISITS}{seen.pk}/photo/").status_code == 404
    assert colleague("cashier").get(f"{VISITS}{shut.pk}/photo/").status_code == 403


def test_before_anybody_went_the_page_says_so(utility: Utility, visited: int) -> None:
    FieldVisit.objects.all().delete()
    assert "还没有现场走访记录" in text_of(colleague("manager"), VISITS)
