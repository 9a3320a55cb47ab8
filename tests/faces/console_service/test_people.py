"""Users and units: roles given and withdrawn, access ended and opened, passwords that are shown once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from faces.console.desk import colleague, followed, said, text_of
from faces.console_service.stage import actor, new_person
from faces.small_utility import NOW, Utility
from mingdu.base.actors import SYSTEM
from mingdu.base.models import AccessToken, AuditEntry, OrgUnit, Person, RoleGrant
from mingdu.base.operations import create_unit, issue_token
from mingdu.base.people import (
    OwnAccess,
    RoleNotHeld,
    UnknownMember,
    UnknownUnit,
    deactivate,
    give_role,
    member,
    reset_password,
    unit_tree,
    withdraw_role,
)
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role

pytestmark = pytest.mark.database

PEOPLE = "/console/people/"


@pytest.fixture(scope="module")
def admin(utility: Utility) -> Client:
    return colleague("administrator")


def shown_password(page: str) -> str:
    return page.partition('break-all">')[2].partition("<")[0]


def signs_in(login: str, password: str) -> bool:
    answer = Client().post("/console/sign-in/", {"login": login, "password": password})
    return answer.status_code == 302


def test_people_are_found_by_login_or_name(admin: Client) -> None:
    everybody = text_of(admin, PEOPLE)
    assert "reader 员工" in everybody and "抄表员" in everybody
    found = text_of(admin, f"{PEOPLE}?q=cashier")
    assert "cashier 员工" in found and "reader 员工" not in found
    assert "没有符合条件的用户" in text_of(admin, f"{PEOPLE}?q=nobody")


def test_a_new_user_has_a_password_that_is_shown_once(utility: Utility, admin: Client) -> None:
    unit = OrgUnit.objects.get(code="0530").pk
    posted = admin.post(f"{PEOPLE}new/", {"login": "liumei", "name": "刘梅", "unit": unit})
    number = Person.objects.get(login="liumei").pk
    # The page that shows it is only looked at: to load it again sends nothing again.
    assert (posted.status_code, posted.headers["Location"]) == (302, f"{PEOPLE}{number}/")
    elsewhere = text_of(admin, f"{PEOPLE}{new_person('beside')}/")
    answer = admin.get(posted.headers["Location"])
    page = said(answer)
    password = shown_password(page)
    assert answer.headers["Cache-Control"] == "no-store" and "只显示这一次" in page
    assert len(password) == 14 and password not in elsewhere
    assert signs_in("liumei", password) and not signs_in("liumei", password + "x")
    again = text_of(admin, f"{PEOPLE}{number}/")
    assert password not in again and "尚无角色" in again
    assert "显示过一次，系统不留存" in again and "重置密码" in again
    assert password not in str(dict(admin.session))
    taken = said(admin.post(f"{PEOPLE}new/", {"login": "liumei", "name": "另一个"}), 422)
    assert "该登录名已有人使用" in taken and 'value="另一个"' in taken
    assert Person.objects.get(login="liumei").name == "刘梅" and signs_in("liumei", password)
    assert "errorlist" in said(admin.post(f"{PEOPLE}new/", {"login": "刘 梅", "name": "刘梅"}), 422)


def test_roles_are_given_and_withdrawn_and_those_that_do_not_go_together_are_refused(
    utility: Utility, admin: Client
) -> None:
    number, unit = new_person("rolling"), OrgUnit.objects.get(code="0530").pk
    roles = f"{PEOPLE}{number}/roles/"
    assert "角色已授予" in followed(admin, roles, {"role": "clerk", "unit": unit})
    refused = said(admin.post(roles, {"role": "approver", "unit": ""}), 422)
    assert "申请与审批分离" in refused and '<option value="approver" selected>' in refused
    assert not RoleGrant.objects.filter(person_id=number, role="approver").exists()
    grant = RoleGrant.objects.get(person_id=number)
    assert 'aria-label="收回角色：核算员（' in text_of(admin, f"{PEOPLE}{number}/")
    assert "角色已收回" in followed(admin, f"{roles}{grant.pk}/withdraw/")
    assert "该角色已被收回" in followed(admin, f"{roles}{grant.pk}/withdraw/")
    assert "角色已授予" in followed(admin, roles, {"role": "approver", "unit": ""})
    page = text_of(admin, f"{PEOPLE}{number}/")
    assert "全公司" in page and 'aria-label="收回角色：复核员（全公司）"' in page
    written = AuditEntry.objects.filter(verb="base.withdraw_role").latest("pk")
    assert (written.target, written.details["role"]) == (f"person:{number}", "clerk")


def test_access_ends_at_once_and_can_be_given_back(utility: Utility, admin: Client) -> None:
    number = new_person("going")
    browser = colleague("going")
    issue_token("person", number, now=NOW)
    assert "已停用" in followed(admin, f"{PEOPLE}{number}/deactivate/")
    assert browser.get("/console/").status_code == 302 and not signs_in("going", "right")
    assert not AccessToken.objects.filter(actor_kind="person", actor_number=number).exists()
    deactivate(number, by=actor("administrator"), at=NOW)
    assert AuditEntry.objects.filter(verb="base.deactivate", target=f"person:{number}").count() == 1
    assert "已恢复登录" in followed(admin, f"{PEOPLE}{number}/reactivate/")
    assert signs_in("going", "right")


def test_a_new_password_ends_the_old_one_and_is_nowhere_kept(utility: Utility, admin: Client) -> None:
    number = new_person("forgetful")
    password = shown_password(followed(admin, f"{PEOPLE}{number}/password/"))
    assert len(password) == 14 and signs_in("forgetful", password) and not signs_in("forgetful", "right")
    assert not AuditEntry.objects.filter(details__icontains=password).exists()
    assert password not in Person.objects.get(pk=number).password


def employ_as(role: Role, login: str) -> int:
    number = new_person(login)
    give_role(number, role, unit_id=None, by=SYSTEM, at=NOW)
    return number


def withdraw_his_role(admin: Client, number: int) -> None:
    grant = RoleGrant.objects.get(person_id=number)
    admin.post(f"{PEOPLE}{number}/roles/{grant.pk}/withdraw/")


def block_and_let_in_again(admin: Client, number: int) -> None:
    admin.post(f"{PEOPLE}{number}/deactivate/")
    admin.post(f"{PEOPLE}{number}/reactivate/")


def reset_his_password(admin: Client, number: int) -> None:
    admin.post(f"{PEOPLE}{number}/password/")


@pytest.mark.parametrize("act", [withdraw_his_role, block_and_let_in_again, reset_his_password])
def test_all_browsers_of_a_person_are_signed_out_at_once(
    utility: Utility, admin: Client, act: Callable[[Client, int], None]
) -> None:
    number = employ_as(Role.CLERK, f"watched_{act.__name__}")
    desk, laptop = (colleague(f"watched_{act.__name__}") for _ in range(2))
    assert [browser.get("/console/").status_code for browser in (desk, laptop, admin)] == [200, 200, 200]
    act(admin, number)
    assert [browser.get("/console/").status_code for browser in (desk, laptop, admin)] == [302, 302, 200]


def test_an_administrator_who_renews_his_own_password_stays_in_this_browser_alone(
    utility: Utility, admin: Client
) -> None:
    number = employ_as(Role.ADMINISTRATOR, "second_admin")
    here, elsewhere = (colleague("second_admin") for _ in range(2))
    password = shown_password(followed(here, f"{PEOPLE}{number}/password/"))
    assert signs_in("second_admin", password)
    assert here.get("/console/").status_code == 200 and elsewhere.get("/console/").status_code == 302


def test_an_administrator_cannot_shut_himself_out(utility: Utility, admin: Client) -> None:
    own = actor("administrator").number
    grant = RoleGrant.objects.get(person_id=own, role="administrator")
    assert "不能取消自己的权限" in followed(admin, f"{PEOPLE}{own}/deactivate/")
    assert "不能取消自己的权限" in followed(admin, f"{PEOPLE}{own}/roles/{grant.pk}/withdraw/")
    assert "不能停用自己" in text_of(admin, f"{PEOPLE}{own}/")
    with pytest.raises(OwnAccess):
        deactivate(own or 0, by=actor("administrator"), at=NOW)


def test_what_is_not_there_has_a_name(utility: Utility) -> None:
    by = actor("administrator")
    with pytest.raises(UnknownMember):
        member(by, 999_999)
    with pytest.raises(UnknownMember):
        reset_password(999_999, by=by, at=NOW)
    with pytest.raises(UnknownUnit):
        give_role(new_person("unplaced"), Role.READER, unit_id=999_999, by=by, at=NOW)
    with pytest.raises(RoleNotHeld):
        withdraw_role(new_person("unheld"), 999_999, by=by, at=NOW)
    with pytest.raises(NotPermitted):
        reset_password(new_person("safe"), by=actor("manager"), at=NOW)


def test_units_are_shown_as_a_tree_with_their_people(utility: Utility, admin: Client) -> None:
    top = create_unit("T", "顶层公司", parent=None, by=SYSTEM, at=NOW)
    below = create_unit("T1", "下级供电所", parent=top, by=SYSTEM, at=NOW)
    create_unit("T11", "班组", parent=below, by=SYSTEM, at=NOW)
    rows = [(row.code, row.depth) for row in unit_tree(actor("administrator")) if row.code.startswith("T")]
    assert rows == [("T", 0), ("T1", 1), ("T11", 2)]
    page = text_of(admin, "/console/units/")
    assert "下级供电所" in page and "对其下级单位同样有效" in page
