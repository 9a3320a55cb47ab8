"""The menu shows each person what he may open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import RequestFactory

from acting import staff
from mingdu.base import menu
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.frame import frame, unit_name
from mingdu.base.menu import MenuEntry, menu_for, register_menu
from mingdu.base.models import OrgUnit
from mingdu.base.roles import Role

AUDIT = MenuEntry("Office", "Audit", "shield-check", "base.read_audit", lambda: "/console/audit/")
TASKS = MenuEntry("Work", "Tasks", "list-checks", "work.read_tasks", lambda: "/console/")


@pytest.fixture(autouse=True)
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(menu, "_entries", [])
    register_menu(TASKS, AUDIT, TASKS)
    yield


def labels(actor: Actor, path: str = "/") -> list[tuple[str, list[str]]]:
    return [(group, [item.label for item in items]) for group, items in menu_for(actor, path)]


def test_a_manager_sees_both_groups_once() -> None:
    assert labels(staff(Role.MANAGER)) == [("Work", ["Tasks"]), ("Office", ["Audit"])]


def test_a_reader_does_not_see_what_he_may_not_open() -> None:
    assert labels(staff(Role.READER)) == [("Work", ["Tasks"])]


@pytest.mark.parametrize(
    ("path", "current"), [("/console/audit/7/", "Audit"), ("/console/x/", "Tasks"), ("/m/", None)]
)
def test_the_entry_that_leads_furthest_is_the_current_one(path: str, current: str | None) -> None:
    items = [item for _, items in menu_for(staff(Role.MANAGER), path) for item in items]
    assert next((item.label for item in items if item.is_current), None) == current


def test_nobody_has_no_menu() -> None:
    request = RequestFactory().get("/console/")
    assert frame(request) == {"large_print": False}


def test_large_print_is_kept_in_a_cookie() -> None:
    request = RequestFactory().get("/m/")
    request.COOKIES["large_print"] = "1"
    assert frame(request)["large_print"]


@pytest.mark.database
def test_the_frame_names_the_highest_unit_of_the_person(module_database: str) -> None:
    top = OrgUnit.objects.create(code="T", name="Top")
    low = OrgUnit.objects.create(code="L", name="Low", parent=top)
    assert unit_name(staff(Role.CLERK, units={low.pk})) == "Low"
    assert unit_name(staff(Role.CLERK, units={low.pk, top.pk})) == "Top"
    assert unit_name(SYSTEM) == OrgUnit.objects.filter(parent=None).order_by("pk").first().name  # type: ignore[union-attr]
    assert unit_name(Actor("person:1", "Nobody")) == ""
