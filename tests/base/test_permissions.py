"""The door lets exactly the roles of the table through, on their units and on a customer's own accounts."""

from __future__ import annotations

import pytest

from acting import NOBODY, customer, staff
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.permission_table import VERBS
from mingdu.base.permissions import NotPermitted, Scope, UnknownVerb, require, scope
from mingdu.base.roles import INCOMPATIBLE, Role, incompatible_pair

OWN_UNIT, FOREIGN_UNIT = 3, 4
OWN_ACCOUNT, FOREIGN_ACCOUNT = 42, 43
STAFF = [role for role in Role if role not in (Role.CUSTOMER, Role.SYSTEM)]


def is_let_through(
    actor: Actor, verb: str, unit_id: int | None = None, account_id: int | None = None
) -> bool:
    try:
        require(actor, verb, unit_id, account_id=account_id)
    except NotPermitted:
        return False
    return True


@pytest.mark.parametrize("role", STAFF)
def test_staff_do_what_the_table_says_on_their_units_only(role: Role) -> None:
    actor = staff(role, units={OWN_UNIT})
    for verb, allowed in VERBS.items():
        assert is_let_through(actor, verb, OWN_UNIT) == (role in allowed), verb
        assert is_let_through(actor, verb) == (role in allowed), verb
        assert not is_let_through(actor, verb, FOREIGN_UNIT), verb


@pytest.mark.parametrize("role", STAFF)
def test_a_role_on_the_whole_company_holds_on_every_unit(role: Role) -> None:
    actor = staff(role)
    for verb, allowed in VERBS.items():
        assert is_let_through(actor, verb, FOREIGN_UNIT) == (role in allowed), verb
        assert scope(actor, verb) == (
            Scope(None, frozenset()) if role in allowed else Scope(frozenset(), frozenset())
        )


def test_customers_reach_their_own_accounts_only() -> None:
    actor = customer(9, OWN_ACCOUNT)
    for verb, allowed in VERBS.items():
        assert is_let_through(actor, verb, OWN_UNIT, OWN_ACCOUNT) == (Role.CUSTOMER in allowed), verb
        assert not is_let_through(actor, verb, OWN_UNIT, FOREIGN_ACCOUNT), verb


def test_staff_are_not_held_to_accounts() -> None:
    assert is_let_through(staff(Role.CLERK, units={OWN_UNIT}), "billing.read", OWN_UNIT, FOREIGN_ACCOUNT)


def test_the_system_does_what_the_table_says_and_an_actor_without_role_nothing() -> None:
    for verb, allowed in VERBS.items():
        assert is_let_through(SYSTEM, verb, OWN_UNIT) == (Role.SYSTEM in allowed), verb
        assert not is_let_through(NOBODY, verb), verb


def test_a_refusal_names_verb_roles_and_unit() -> None:
    with pytest.raises(NotPermitted) as refusal:
        require(staff(Role.READER, units={OWN_UNIT}), "billing.issue", OWN_UNIT)
    assert refusal.value.values == {"verb": "billing.issue", "roles": [Role.READER], "unit_id": OWN_UNIT}


@pytest.mark.parametrize("ask", [require, scope])
def test_refuses_a_verb_that_the_table_does_not_list(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(UnknownVerb):
        ask(SYSTEM, "billing.dance")


def test_the_scope_joins_the_units_of_all_fitting_roles() -> None:
    both = (Grant(Role.CLERK, frozenset({1, 2})), Grant(Role.APPROVER, frozenset({3})))
    actor = Actor("person:7", "王芳", (*both, Grant(Role.READER, frozenset({4}))))
    assert scope(actor, "billing.read") == Scope(frozenset({1, 2, 3}), frozenset())


def test_the_scope_of_a_customer_is_his_accounts_where_customers_may_look() -> None:
    actor = customer(9, OWN_ACCOUNT)
    assert scope(actor, "billing.read") == Scope(frozenset(), frozenset({OWN_ACCOUNT}))
    assert scope(actor, "billing.read_runs") == Scope(frozenset(), frozenset())


def test_a_scope_of_units_does_not_cover_rows_without_unit() -> None:
    assert not Scope(frozenset({OWN_UNIT}), frozenset()).covers_unit(None)
    assert Scope(frozenset({OWN_UNIT}), frozenset()).covers_unit(OWN_UNIT)
    assert Scope(None, frozenset()).covers_unit(None)


def test_who_reads_does_not_settle_and_who_proposes_does_not_approve() -> None:
    assert incompatible_pair(frozenset({Role.READER, Role.CLERK, Role.AGENT})) == frozenset(
        {Role.READER, Role.CLERK}
    )
    assert incompatible_pair(frozenset({Role.CLERK, Role.APPROVER})) == frozenset({Role.CLERK, Role.APPROVER})
    assert incompatible_pair(frozenset({Role.AGENT, Role.MANAGER})) is None


def test_no_single_role_both_proposes_and_approves() -> None:
    for propose, approve in (
        ("billing.rehearse", "billing.approve"),
        ("billing.correct", "billing.approve_correction"),
    ):
        proposers, approvers = VERBS[propose] - {Role.SYSTEM}, VERBS[approve] - {Role.SYSTEM}
        assert {frozenset({one, other}) for one in proposers for other in approvers} <= INCOMPATIBLE


def test_an_actor_knows_his_number_and_whether_he_is_a_customer() -> None:
    assert customer(9).number == 9
    assert customer(9).is_customer
    assert not staff(Role.CLERK).is_customer
    assert SYSTEM.number is None
