"""A customer binds an account of somebody else by its number and a proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest

from mingdu.base.actors import Actor
from mingdu.base.models import AuditEntry, OrgUnit
from mingdu.base.outbox import deliver_all
from mingdu.base.permissions import NotPermitted
from mingdu.customers.binding import (
    CODE_MONTHS,
    MISS_HOURS,
    MOST_MISSES,
    MOST_MISSES_OF_ACCOUNT,
    BindingOrder,
    NotBound,
    ProofDoesNotFit,
    TooManyMisses,
    bill_code,
    bind_account,
    unbind_account,
)
from mingdu.customers.models import Account, Binding, BindingTry, Customer
from mingdu.customers.queries import actor_of_customer, own_accounts
from mingdu.notices.queries import MessageView, inbox
from threads import at_once, only

pytestmark = pytest.mark.database

NAME = "郑 勇"
NOW_AND_LATER = datetime(2027, 1, 5, tzinfo=UTC)
numbers = count(1)


def customer(name: str = "陈静") -> Actor:
    made = Customer.objects.create(code=f"B{next(numbers)}", name=name)
    return actor(made.pk)


def actor(customer_id: int) -> Actor:
    found = actor_of_customer(customer_id)
    assert found is not None
    return found


def account(holder: str = NAME) -> Account:
    unit, _ = OrgUnit.objects.get_or_create(code="0530", defaults={"name": "东站"})
    by = customer(holder)
    return Account.objects.create(
        account_number=f"05301{next(numbers):05d}",
        customer_id=by.number,
        unit=unit,
        service_location="青柳路",
    )


def code_of(bound: Account, period: str = "2026-12") -> str:
    return bill_code(bound.account_number, bound.customer_id, period)


@pytest.mark.parametrize("proof", ["郑 勇", "郑勇", " 郑　勇 "])
def test_binds_by_the_name_of_the_holder(module_database: str, now: datetime, proof: str) -> None:
    tenant, home = customer(), account()
    bind_account(BindingOrder(home.account_number, proof), by=tenant, at=now)
    seen = actor(tenant.number or 0)
    assert seen.account_ids == {home.pk}
    assert [each.account_number for each in own_accounts(seen)] == [home.account_number]


def test_binds_by_the_code_of_a_bill_however_it_is_spaced(module_database: str, now: datetime) -> None:
    tenant, home = customer(), account()
    code = code_of(home)
    bind_account(BindingOrder(home.account_number, f"{code[:4]} {code[4:]}"), by=tenant, at=now)
    assert actor(tenant.number or 0).account_ids == {home.pk}


def test_takes_codes_of_the_last_year_only(module_database: str, now: datetime) -> None:
    home = account()
    bind_account(BindingOrder(home.account_number, code_of(home, "2025-12")), by=customer(), at=now)
    with pytest.raises(ProofDoesNotFit):
        bind_account(BindingOrder(home.account_number, code_of(home, "2025-11")), by=customer(), at=now)
    assert CODE_MONTHS == 14


def test_a_code_is_of_one_account_holder_and_month() -> None:
    codes = {
        bill_code(number, holder, period)
        for number in ("0530100001", "0530100002")
        for holder in (1, 2)
        for period in ("2026-11", "2026-12")
    }
    assert len(codes) == 8 and all(len(code) == 8 and code.isdecimal() for code in codes)


@pytest.mark.parametrize("proof", ["王勇", "12345678", "１２３", "٣٤٥", "郑"])
def test_refuses_a_wrong_proof_as_an_unknown_account(module_database: str, now: datetime, proof: str) -> None:
    home = account()
    refusals = []
    for number in (home.account_number, "0530999999"):
        with pytest.raises(ProofDoesNotFit) as refused:
            bind_account(BindingOrder(number, proof), by=customer(), at=now)
        refusals.append((refused.value.message, refused.value.values))
    assert refusals[0] == refusals[1]


def test_keeps_every_try_in_the_audit(module_database: str, now: datetime) -> None:
    tenant, home = customer(), account()
    with pytest.raises(ProofDoesNotFit):
        bind_account(BindingOrder(home.account_number, "王勇"), by=tenant, at=now)
    bind_account(BindingOrder(home.account_number, NAME), by=tenant, at=now)
    kept = AuditEntry.objects.filter(target=f"account:{home.account_number}", by=tenant.id).order_by("pk")
    assert [(each.verb, each.details) for each in kept] == [
        ("customers.bind", {"fits": False}), ("customers.bind", {"fits": True}),
    ]  # fmt: skip


def test_a_customer_is_wrong_only_so_often_a_day(module_database: str, now: datetime) -> None:
    tenant, home = customer(), account()
    for number in range(MOST_MISSES):
        with pytest.raises(ProofDoesNotFit):
            bind_account(BindingOrder(f"77{number}", NAME), by=tenant, at=now)
    right = BindingOrder(home.account_number, NAME)
    with pytest.raises(TooManyMisses):
        bind_account(right, by=tenant, at=now + timedelta(hours=MISS_HOURS - 1))
    bind_account(right, by=tenant, at=now + timedelta(hours=MISS_HOURS))


def test_an_account_is_guessed_at_only_so_often_by_all_together(module_database: str, now: datetime) -> None:
    home = account()
    for _ in range(MOST_MISSES_OF_ACCOUNT):
        with pytest.raises(ProofDoesNotFit):
            bind_account(BindingOrder(home.account_number, "王勇"), by=customer(), at=now)
    with pytest.raises(TooManyMisses):
        bind_account(BindingOrder(home.account_number, NAME), by=customer(), at=now)


def test_tries_at_one_moment_are_counted_one_after_the_other(module_database: str, now: datetime) -> None:
    tenant, home = customer(), account()
    guess = partial(bind_account, BindingOrder(home.account_number, "王勇"), by=tenant, at=now)
    outcomes = at_once([guess] * (MOST_MISSES + 3))
    assert len(only(outcomes, TooManyMisses)) == MOST_MISSES
    assert BindingTry.objects.filter(customer_id=tenant.number).count() == MOST_MISSES


def test_binding_twice_is_binding_once(module_database: str, now: datetime) -> None:
    tenant, home = customer(), account()
    for _ in range(2):
        bind_account(BindingOrder(home.account_number, NAME), by=tenant, at=now)
    assert Binding.objects.filter(customer_id=tenant.number).count() == 1


def test_the_holder_needs_no_binding(module_database: str, now: datetime) -> None:
    home = account()
    bind_account(BindingOrder(home.account_number, NAME), by=actor(home.customer_id), at=now)
    assert not Binding.objects.filter(account=home).exists()


def told(home: Account) -> list[MessageView]:
    deliver_all(NOW_AND_LATER)
    return [message for message in inbox(actor(home.customer_id)) if message.template == "account_bound"]


def test_the_holder_is_told_once_who_bound_his_account(module_database: str, now: datetime) -> None:
    tenant, home = customer("陈静"), account()
    for _ in range(2):
        bind_account(BindingOrder(home.account_number, NAME), by=tenant, at=now)
    [message] = told(home)
    assert message.title == f"户号 {home.account_number} 已被绑定"
    # His household knows its own by this; the whole name is for nobody else.
    assert message.body.startswith("陈** 已凭户名或账单码绑定") and "陈静" not in message.body
    [(step, _at, proof)] = message.steps
    assert (step, proof) == ("delivered", f"inbox:{message.id}")


def test_a_holder_who_reads_english_is_told_in_english(module_database: str, now: datetime) -> None:
    home = account()
    Customer.objects.filter(pk=home.customer_id).update(language="en")
    bind_account(BindingOrder(home.account_number, NAME), by=customer(), at=now)
    assert told(home)[0].title == f"Somebody bound your account {home.account_number}"


def test_nobody_is_told_of_his_own_account_or_of_a_proof_that_does_not_fit(
    module_database: str, now: datetime
) -> None:
    home = account()
    bind_account(BindingOrder(home.account_number, NAME), by=actor(home.customer_id), at=now)
    with pytest.raises(ProofDoesNotFit):
        bind_account(BindingOrder(home.account_number, "周静"), by=customer(), at=now)
    assert told(home) == []


def test_lets_a_bound_account_go_and_binds_it_again(module_database: str, now: datetime) -> None:
    tenant, home = customer(), account()
    order = BindingOrder(home.account_number, NAME)
    bind_account(order, by=tenant, at=now)
    unbind_account(home.account_number, by=tenant, at=now)
    assert actor(tenant.number or 0).account_ids == frozenset()
    assert AuditEntry.objects.filter(verb="customers.unbind", by=tenant.id).count() == 1
    bind_account(order, by=tenant, at=now)
    assert actor(tenant.number or 0).account_ids == {home.pk}


def test_what_is_not_bound_cannot_be_let_go(module_database: str, now: datetime) -> None:
    home = account()
    for by, number in ((customer(), home.account_number), (actor(home.customer_id), home.account_number)):
        with pytest.raises(NotBound):
            unbind_account(number, by=by, at=now)
    with pytest.raises(NotBound):
        unbind_account("0530999999", by=customer(), at=now)


def test_a_binding_ends_when_the_account_changes_hands(module_database: str, now: datetime) -> None:
    tenant, home = customer(), account()
    order = BindingOrder(home.account_number, code_of(home))
    bind_account(order, by=tenant, at=now)
    heir = customer("周静")
    Account.objects.filter(pk=home.pk).update(customer_id=heir.number)
    assert actor(tenant.number or 0).account_ids == frozenset()
    with pytest.raises(ProofDoesNotFit):
        bind_account(order, by=tenant, at=now)
    bind_account(BindingOrder(home.account_number, "周静"), by=tenant, at=now)
    assert actor(tenant.number or 0).account_ids == {home.pk}


def test_staff_bind_nothing(module_database: str, now: datetime) -> None:
    clerk = Actor("person:1", "clerk")
    with pytest.raises(NotPermitted):
        bind_account(BindingOrder("0530100001", NAME), by=clerk, at=now)
    with pytest.raises(NotPermitted):
        unbind_account("0530100001", by=clerk, at=now)
