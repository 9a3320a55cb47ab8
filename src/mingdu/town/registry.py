"""The register of the town: who, where, which meter, which agreement, as one JSON object."""

from __future__ import annotations

from typing import Any

from mingdu.town.identity import (
    account_number,
    area_code,
    area_terminal_address,
    area_usage_point,
    book_code,
    terminal_address,
    usage_point_code,
)
from mingdu.town.installations import Row, area_installations, bucket_installations
from mingdu.town.model import Town
from mingdu.town.people import CITY, Person, people_of
from mingdu.town.roster import AREAS, FACTORY, Roster, area_of

METER_MODEL = "demo-meter-645"
TERMINAL_MODEL = "dtu-demo"
READING_DAY = 1
AREA_NAMES = ("青柳路台区", "望湖街台区", "茶花街台区")
BOOK_NAMES = ("工业专线册", "青柳路册", "望湖街册", "茶花街册")
# A transformer for so much a point, and not less than the smallest one [W].
TRANSFORMER_W_PER_POINT = 2_000
SMALLEST_TRANSFORMER_W = 100_000

HOME = {"class": "residential", "voltage_kv": "0.22", "metered_side": "low", "tariff": "yunnan-residential"}
SHOP = {"class": "commercial", "voltage_kv": "0.38", "metered_side": "low", "tariff": "yunnan-one-part-tou"}
PLANT = {
    "class": "large_industry",
    "voltage_kv": "10",
    "metered_side": "high",
    "tariff": "yunnan-two-part-10kv",
}
FACTORY_CONTRACT_KW = 700


def registry_of(town: Town) -> dict[str, Any]:
    """
    List everything that is known of the town on paper.

    Keys: town, books, areas, terminals, meters, installations, usage_points, customers, accounts, agreements,
    contacts. Times are ISO with zone; `first_digits` and `last_digits` are what the installer wrote down,
    0.01 kWh before the multiplier; periods are half-open and `to` is null while it lasts.
    """
    usage_points: list[Row] = []
    installations: list[Row] = []
    holders: list[Row] = []
    for index in range(len(town.buckets())):
        bucket = town.bucket(index)
        people = people_of(town.seed, bucket.roster)
        usage_points += [_usage_point(town, bucket.roster, row, person) for row, person in enumerate(people)]
        holders += [_holder(town, bucket.roster, row, person) for row, person in enumerate(people)]
        installations += bucket_installations(bucket)
    usage_points += [_area_usage_point(town, area) for area in range(1, AREAS + 1)]
    installations += area_installations(town)
    return {
        "town": _about(town),
        "books": _books(),
        "areas": _areas(),
        "terminals": _terminals(installations, town),
        "meters": [
            {"meter": at["meter"], "address": at["meter"], "model": METER_MODEL} for at in installations
        ],
        "installations": installations,
        "usage_points": usage_points,
        **{
            name: [holder[name] for holder in holders]
            for name in ("customers", "contacts", "accounts", "agreements")
        },
    }


def _about(town: Town) -> Row:
    return {
        "seed": town.seed,
        "points": town.points,
        "zone": "Asia/Shanghai",
        "first_day": f"{town.span.first_day}",
        "last_day": f"{town.span.last_day}",
    }


def _books() -> list[Row]:
    return [
        {"book": book_code(area), "name": BOOK_NAMES[area], "reading_day": READING_DAY}
        for area in range(AREAS + 1)
    ]


def _areas() -> list[Row]:
    return [
        {"area": area_code(area), "name": AREA_NAMES[area - 1], "usage_point": area_usage_point(area)}
        for area in range(1, AREAS + 1)
    ]


def _terminals(installations: list[Row], town: Town) -> list[Row]:
    """Group the meters by the terminal that serves their usage point; an exchanged meter stays listed."""
    through = {usage_point_code(n): terminal_address(n) for n in range(1, town.points + 1)}
    through |= {
        area_usage_point(area): area_terminal_address(area, town.points) for area in range(1, AREAS + 1)
    }
    meters: dict[str, list[str]] = {}
    for installation in installations:
        meters.setdefault(through[installation["usage_point"]], []).append(installation["meter"])
    return [
        {"terminal": address, "model": TERMINAL_MODEL, "meters": meters[address]}
        for address in sorted(meters)
    ]


def _kind(roster: Roster, row: int) -> dict[str, str]:
    if int(roster.number[row]) == FACTORY:
        return PLANT
    return SHOP if roster.is_shop[row] else HOME


def _usage_point(town: Town, roster: Roster, row: int, person: Person) -> Row:
    number, kind = int(roster.number[row]), _kind(roster, row)
    area = int(area_of(roster.number[row : row + 1], town.points)[0])
    return {
        "usage_point": usage_point_code(number),
        "kind": "customer",
        "class": kind["class"],
        "area": area_code(area) if area else None,
        "book": book_code(area),
        "capacity_w": int(roster.capacity_w[row]),
        "voltage_kv": kind["voltage_kv"],
        "metered_side": kind["metered_side"],
        "service_location": person.service_location,
        "account": account_number(number),
    }


def _area_usage_point(town: Town, area: int) -> Row:
    members = town.points // AREAS
    return {
        "usage_point": area_usage_point(area),
        "kind": "area",
        "class": None,
        "area": area_code(area),
        "book": book_code(area),
        "capacity_w": max(SMALLEST_TRANSFORMER_W, members * TRANSFORMER_W_PER_POINT),
        "voltage_kv": "0.38",
        "metered_side": "low",
        "service_location": f"{CITY}{AREA_NAMES[area - 1]}变压器",
        "account": None,
    }


def _holder(town: Town, roster: Roster, row: int, person: Person) -> Row:
    """Make the four rows of whoever holds the account."""
    number, kind = int(roster.number[row]), _kind(roster, row)
    account = account_number(number)
    customer = f"C{account}"
    agreement = {
        "account": account,
        "usage_point": usage_point_code(number),
        "tariff": kind["tariff"],
        "voltage_kv": kind["voltage_kv"],
        "capacity_kva": int(roster.capacity_w[row]) // 1_000,
        "contract_kw": FACTORY_CONTRACT_KW if number == FACTORY else None,
        "valid_from": f"{town.span.first_day}",
        "valid_to": None,
    }
    return {
        "customers": {"customer": customer, "name": person.name},
        "contacts": {"customer": customer, "name": person.contact, "phone": person.phone},
        "accounts": {"account": account, "customer": customer},
        "agreements": agreement,
    }
