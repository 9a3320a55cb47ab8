"""Units, people, their roles and how they sign in."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from acting import staff
from mingdu.base.actors import SYSTEM, Grant
from mingdu.base.identity import new_code, new_token, secret_hash
from mingdu.base.models import AccessToken, AuditEntry, OrgUnit, Person, RoleGrant
from mingdu.base.operations import (
    IncompatibleRoles,
    WrongSignIn,
    create_person,
    create_unit,
    grant_role,
    issue_token,
    sign_in,
)
from mingdu.base.permissions import NotPermitted
from mingdu.base.queries import (
    actor_by_login,
    actor_by_person_id,
    names_of,
    persons_with_role,
    token_owner,
    units_above,
    units_below,
)
from mingdu.base.roles import Role
from threads import at_once

pytestmark = pytest.mark.database


@pytest.fixture
def company(module_database: str, now: datetime) -> dict[str, OrgUnit]:
    """A company with two stations; a team below the first."""
    head = create_unit("HQ", "明度供电公司", parent=None, by=SYSTEM, at=now)
    east = create_unit("EAST", "东站", parent=head, by=SYSTEM, at=now)
    west = create_unit("WEST", "西站", parent=head, by=SYSTEM, at=now)
    team = create_unit("TEAM", "一班", parent=east, by=SYSTEM, at=now)
    return {unit.code: unit for unit in (head, east, west, team)}


def person(login: str) -> Person:
    """A member of staff who does not sign in."""
    return Person.objects.create(login=login, name="赵敏", password="!")


def test_a_unit_of_the_same_code_is_created_once(company: dict[str, OrgUnit], now: datetime) -> None:
    assert create_unit("EAST", "another name", parent=None, by=SYSTEM, at=now) == company["EAST"]
    assert AuditEntry.objects.filter(verb="base.create_unit", target="unit:EAST").count() == 1


def test_units_are_found_upwards_and_downwards(company: dict[str, OrgUnit]) -> None:
    head, east, west, team = (company[code].pk for code in ("HQ", "EAST", "WEST", "TEAM"))
    assert units_below(head) == {head, east, west, team}
    assert units_below(east) == {east, team}
    assert units_above(team) == {team, east, head}
    assert units_above(head) == {head}


def test_a_role_holds_on_its_unit_and_all_below(company: dict[str, OrgUnit], now: datetime) -> None:
    clerk = person("clerk-east")
    grant_role(clerk, Role.CLERK, unit=company["EAST"], by=SYSTEM, at=now)
    grant_role(clerk, Role.AGENT, unit=None, by=SYSTEM, at=now)
    actor = actor_by_login("clerk-east")
    assert actor is not None
    below = frozenset({company["EAST"].pk, company["TEAM"].pk})
    assert actor.grants == (Grant(Role.AGENT, None), Grant(Role.CLERK, below))


def test_granting_the_same_again_changes_nothing(company: dict[str, OrgUnit], now: datetime) -> None:
    clerk = person("granted-twice")
    for _ in range(2):
        grant_role(clerk, Role.CLERK, unit=None, by=SYSTEM, at=now)
    assert RoleGrant.objects.filter(person=clerk).count() == 1
    assert AuditEntry.objects.filter(verb="base.grant_role", target=f"person:{clerk.pk}").count() == 1


@pytest.mark.parametrize(
    ("held_on", "wanted_on"),
    [("EAST", "EAST"), ("EAST", "TEAM"), ("TEAM", "EAST"), (None, "WEST"), ("WEST", None), (None, None)],
)
def test_refuses_incompatible_roles_where_units_overlap(
    held_on: str | None, wanted_on: str | None, company: dict[str, OrgUnit], now: datetime
) -> None:
    reader = person(f"reader-{held_on}-{wanted_on}")
    grant_role(reader, Role.READER, unit=company.get(held_on or ""), by=SYSTEM, at=now)
    with pytest.raises(IncompatibleRoles):
        grant_role(reader, Role.CLERK, unit=company.get(wanted_on or ""), by=SYSTEM, at=now)
    assert RoleGrant.objects.filter(person=reader).count() == 1


def test_allows_incompatible_roles_on_units_apart(company: dict[str, OrgUnit], now: datetime) -> None:
    reader = person("reads-east-settles-west")
    grant_role(reader, Role.READER, unit=company["EAST"], by=SYSTEM, at=now)
    grant_role(reader, Role.CLERK, unit=company["WEST"], by=SYSTEM, at=now)
    assert RoleGrant.objects.filter(person=reader).count() == 2


def test_of_two_incompatible_grants_at_once_one_is_refused(
    company: dict[str, OrgUnit], now: datetime
) -> None:
    torn = person("torn")
    wanted = [(Role.CLERK, company["EAST"]), (Role.APPROVER, None), (Role.READER, company["TEAM"])] * 2
    outcomes = at_once(
        [partial(grant_role, torn, role, unit=unit, by=SYSTEM, at=now) for role, unit in wanted]
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, IncompatibleRoles)]
    assert len(refused) == 4
    assert RoleGrant.objects.filter(person=torn).count() == 1


def test_only_administrators_make_units_people_and_roles(company: dict[str, OrgUnit], now: datetime) -> None:
    clerk = staff(Role.CLERK)
    with pytest.raises(NotPermitted):
        create_unit("NEW", "新站", parent=None, by=clerk, at=now)
    with pytest.raises(NotPermitted):
        create_person("new", "新人", password="secret", unit=None, by=clerk, at=now)
    with pytest.raises(NotPermitted):
        grant_role(person("unpromoted"), Role.MANAGER, unit=None, by=clerk, at=now)
    assert not OrgUnit.objects.filter(code="NEW").exists()
    assert not Person.objects.filter(login="new").exists()


def test_a_sign_in_gives_a_token_that_ends(company: dict[str, OrgUnit], now: datetime) -> None:
    create_person("signs-in", "孙丽", password="first", unit=None, by=SYSTEM, at=now)
    create_person("signs-in", "孙丽", password="second", unit=company["EAST"], by=SYSTEM, at=now)
    with pytest.raises(WrongSignIn):
        sign_in("signs-in", "first", now=now)
    who, token = sign_in("signs-in", "second", now=now)
    assert who.unit == company["EAST"]
    assert token_owner(token, now=now) == ("person", who.pk)
    assert token_owner(token, now=now + timedelta(hours=12, seconds=-1)) == ("person", who.pk)
    assert token_owner(token, now=now + timedelta(hours=12)) is None
    assert token_owner(token + "x", now=now) is None
    assert AuditEntry.objects.filter(verb="base.sign_in", by=f"person:{who.pk}").count() == 1
    assert not AccessToken.objects.filter(token_hash=token).exists()


def test_a_wrong_login_answers_exactly_as_a_wrong_password(
    company: dict[str, OrgUnit], now: datetime
) -> None:
    left = create_person("has-left", "周杰", password="right", unit=None, by=SYSTEM, at=now)
    answers = []
    for login, password in (("has-left", "wrong"), ("never-was-here", "right")):
        with pytest.raises(WrongSignIn) as refusal:
            sign_in(login, password, now=now)
        answers.append(refusal.value.as_json())
    Person.objects.filter(pk=left.pk).update(is_active=False)
    with pytest.raises(WrongSignIn) as refusal:
        sign_in("has-left", "right", now=now)
    assert answers == [refusal.value.as_json()] * 2


def test_who_has_left_is_no_actor_any_more(module_database: str, now: datetime) -> None:
    gone = person("gone")
    assert actor_by_person_id(gone.pk) is not None
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    assert actor_by_person_id(gone.pk) is None
    assert actor_by_login("gone") is None


def test_names_are_printed_for_persons_only(module_database: str) -> None:
    named = person("named")
    assert names_of({f"person:{named.pk}", "system", "customer:1"}) == {f"person:{named.pk}": "赵敏"}


def test_holders_of_a_role_are_those_whose_unit_covers(company: dict[str, OrgUnit], now: datetime) -> None:
    holders = {}
    for code in ("HQ", "EAST", "WEST", None):
        holders[code] = person(f"inspects-{code}")
        grant_role(holders[code], Role.INSPECTOR, unit=company.get(code or ""), by=SYSTEM, at=now)
    left = person("inspects-no-more")
    grant_role(left, Role.INSPECTOR, unit=None, by=SYSTEM, at=now)
    Person.objects.filter(pk=left.pk).update(is_active=False)
    covering = [(holders[code].pk, "zh") for code in ("HQ", "EAST", None)]
    assert persons_with_role("inspector", company["TEAM"].pk) == covering
    assert len(persons_with_role("inspector")) == 4


def test_tokens_of_customers_carry_their_number(module_database: str, now: datetime) -> None:
    token = issue_token("customer", 42, now=now, hours=1)
    assert token_owner(token, now=now) == ("customer", 42)
    assert token_owner(token, now=now + timedelta(hours=1)) is None


def test_secrets_are_fresh_and_hashed_in_their_context() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert all(len(code) == 6 and code.isdigit() for code in (new_code() for _ in range(100)))
    assert secret_hash("123456", context="13800000042") != secret_hash("123456", context="13800000101")
