"""The field app's addresses, what its phone is told and what it sends, over HTTP alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, RequestFactory, override_settings

from faces.small_utility import NOW, Utility
from mingdu.base.actors import SYSTEM
from mingdu.core.registers import Register
from mingdu.faces.field.views import FieldAppNotBuilt, worker
from mingdu.metering.queries.facts import point_facts
from mingdu.rounds.operations import RereadOrder, order_reread

pytestmark = pytest.mark.database
POINT = "P0530100002"
PNG = b"\x89PNG\r\n\x1a\n a dog"


@pytest.fixture
def phone() -> Client:
    return Client()


@pytest.fixture
def unbuilt() -> Iterator[None]:
    """A checkout in which nothing was built: no folder of static files holds anything."""
    finders.get_finder.cache_clear()
    with override_settings(STATICFILES_FINDERS=[]):
        yield
    finders.get_finder.cache_clear()


def order(key: str) -> int:
    end = datetime.fromisoformat("2027-01-01T00:00:00+08:00")
    registers = (Register.TOTAL, Register.PEAK)
    return order_reread(
        RereadOrder(key, point_facts([POINT])[POINT].id, registers, end, key), by=SYSTEM, at=NOW
    )


@pytest.mark.parametrize("path", ["/f/", "/f/stop/12", "/f/queue"])
def test_every_address_of_the_app_is_its_one_page(utility: Utility, phone: Client, path: str) -> None:
    answer = phone.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    text = answer.content.decode()
    assert '<script type="module" crossorigin src="/static/field/assets/index-' in text
    assert not re.search(r"<script(?![^>]* src=)|<style| style=|https?://", text)


def test_the_worker_stands_where_it_rules_over_the_app(utility: Utility, phone: Client) -> None:
    answer = phone.get("/f/sw.js")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-cache")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    kept = re.findall(r'\[\\"([^"\\]+)\\",\\"([0-9a-f]{64})\\"\]', answer.content.decode())
    assert "/f/" in dict(kept)
    for address, _ in kept:
        found = address == "/f/" or finders.find(address.removeprefix("/static/"))
        assert found, address


def test_the_manifest_names_the_app(utility: Utility, phone: Client) -> None:
    answer = phone.get("/f/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    assert answer.json()["start_url"] == "/f/"


def test_other_methods_are_refused(utility: Utility, phone: Client) -> None:
    assert phone.post("/f/").status_code == 405


def test_says_what_to_do_when_it_was_not_built(unbuilt: None) -> None:
    with pytest.raises(FieldAppNotBuilt) as refused:
        worker(RequestFactory().get("/f/sw.js"))
    assert "make setup" in refused.value.next


def test_the_route_brings_what_a_phone_needs_offline(utility: Utility) -> None:
    task_id = order("what a phone needs")
    [stop] = [each for each in utility.get("rounds/route", "reader").json() if each["task_id"] == task_id]
    assert stop["meter_number"] and stop["book"] and stop["place"] > 0
    assert (stop["multiplier"], stop["registers"]) == (1, ["TOTAL", "PEAK"])
    total, peak = stop["expected"]
    assert (total["register"], total["places"], total["decimals"]) == ("TOTAL", 6, 2)
    assert peak["register"] == "PEAK"
    assert re.fullmatch(r"\d+\.\d\d", total["start"])
    assert total["usual"] is None and re.fullmatch(r"\d+\.\d\d", total["most"])


def test_what_is_on_file_for_the_asked_instant_is_not_told(utility: Utility) -> None:
    order("blind")
    readings = utility.get("accounts/0530100002/readings?from=2027-01-01&to=2027-01-01", "clerk").json()
    [on_file] = [each["value"] for each in readings if each["register"] == "TOTAL"]
    assert on_file not in utility.get("rounds/route", "reader").content.decode()


def test_a_visit_comes_with_its_photo_once(utility: Utility) -> None:
    task_id = order("a dog")
    photo = utility.post_file("attachments", PNG, "reader").json()["id"]
    visit = {
        "client_id": "visit", "task_id": task_id, "outcome": "dog", "taken_at": "2027-01-04T09:00:00+08:00",
        "note": "门口有狗", "photo": photo,
    }  # fmt: skip
    body = {"items": [], "visits": [visit]}
    first = utility.post("rounds/sync", "reader", body).json()["results"]
    again = utility.post("rounds/sync", "reader", body).json()["results"]
    assert [each[0]["status"] for each in (first, again)] == ["accepted", "same"]
    assert utility.get(f"tasks/{task_id}", "reader").json()["outcome"] == "dog"
    assert task_id not in {stop["task_id"] for stop in utility.get("rounds/route", "reader").json()}


def test_results_come_in_the_order_sent(utility: Utility) -> None:
    task_id = order("in order")
    at = "2027-01-01T00:00:00+08:00"
    common = {"task_id": task_id, "value": "1.00", "read_at": at, "taken_at": at}
    items = [{"client_id": name, "register": name, **common} for name in ("TOTAL", "PEAK")]
    visit = {"client_id": "seen", "task_id": task_id, "outcome": "read", "taken_at": at, "is_confirmed": True}
    sent = {"items": items, "visits": [visit]}
    results = utility.post("rounds/sync", "reader", sent).json()["results"]
    assert [(each["client_id"], each["status"]) for each in results] == [
        ("TOTAL", "accepted"), ("PEAK", "accepted"), ("seen", "accepted"),
    ]  # fmt: skip


def test_a_visit_that_does_not_fit_its_form_is_named(utility: Utility) -> None:
    visit = {"client_id": "x", "task_id": 1, "outcome": "dog", "taken_at": "yesterday"}
    answer = utility.post("rounds/sync", "reader", {"items": [], "visits": [visit]})
    assert (answer.status_code, answer.json()["code"]) == (422, "BadInput")


def test_a_stop_names_holder_account_and_kind(utility: Utility) -> None:
    task_id = order("whose meter")
    [stop] = [each for each in utility.get("rounds/route", "reader").json() if each["task_id"] == task_id]
    assert (stop["kind"], stop["account"]) == ("reread", "0530100002")
    assert stop["holder"]
