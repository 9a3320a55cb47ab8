"""Items of the polling plan as requests on the wire."""

from __future__ import annotations

from datetime import date

import pytest

from headend.stage import METER
from mingdu.headend.items import ITEMS, NotYet, TooLongAgo, UnknownItem, requests_for

TODAY = date(2027, 1, 4)

CASES = [
    ("daily_freeze", date(2027, 1, 4), ["05060001", "05060101"]),
    ("daily_freeze", date(2027, 1, 1), ["05060004", "05060104"]),
    ("daily_freeze", date(2026, 11, 4), ["0506003e", "0506013e"]),
    ("reactive_freeze", date(2027, 1, 1), ["05060004", "05060304", "05060404"]),
    ("demand_freeze", date(2027, 1, 1), ["05060004", "05060904"]),
    ("settlement", date(2027, 1, 1), ["0001ff01"]),
    ("settlement", date(2026, 12, 31), ["0001ff02"]),
    ("settlement", date(2026, 2, 1), ["0001ff0c"]),
    ("reactive_settlement", date(2027, 1, 1), ["0003ff01", "0004ff01"]),
    ("demand", date(2026, 12, 1), ["0101ff02"]),
    ("energy", date(2026, 1, 1), ["0001ff00"]),
    ("energy_total", TODAY, ["00010000"]),
    ("reactive_energy", TODAY, ["0003ff00"]),
    ("demand_now", TODAY, ["0101ff00"]),
    ("clock", TODAY, ["04000101", "04000102"]),
    ("status", TODAY, ["04000503"]),
    ("load_profile", date(2026, 12, 30), ["06040001"]),
]


@pytest.mark.parametrize(("item", "day", "data_ids"), CASES)
def test_an_item_asks_for_its_identifiers(item: str, day: date, data_ids: list[str]) -> None:
    requests = requests_for(item, METER, day, TODAY)
    assert [f"{request.data_id:08x}" for request in requests] == data_ids
    assert {request.address for request in requests} == {METER}


def test_every_item_is_in_the_table_above() -> None:
    assert {item for item, _, _ in CASES} == set(ITEMS)


def test_a_curve_is_asked_from_midnight_to_midnight() -> None:
    (request,) = requests_for("load_profile", METER, date(2026, 12, 30), TODAY)
    # Identifier, 97 records, then minute, hour, day, month, year.
    assert request.data.hex() == "01000406" + "97" + "0000301226"


def test_a_wildcard_address_can_be_asked() -> None:
    (request,) = requests_for("energy", "AAAAAAAA0042", TODAY, TODAY)
    assert request.address == "AAAAAAAA0042"


def test_refuses_an_item_that_nobody_knows() -> None:
    with pytest.raises(UnknownItem, match="daily_freeze"):
        requests_for("temperature", METER, TODAY, TODAY)


@pytest.mark.parametrize("item", ["daily_freeze", "settlement", "load_profile"])
def test_waits_for_a_day_that_has_not_begun(item: str) -> None:
    with pytest.raises(NotYet):
        requests_for(item, METER, date(2027, 1, 5), TODAY)


@pytest.mark.parametrize(
    ("item", "day"), [("daily_freeze", date(2026, 11, 3)), ("settlement", date(2026, 1, 1))]
)
def test_refuses_what_the_meter_no_longer_keeps(item: str, day: date) -> None:
    with pytest.raises(TooLongAgo):
        requests_for(item, METER, day, TODAY)
