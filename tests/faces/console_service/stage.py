"""A case, a call and a reading cycle in the small utility, for the pages that show them."""

from __future__ import annotations

from datetime import date, timedelta

from faces.small_utility import NOW, OWN, Utility
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.models import OrgUnit, Person
from mingdu.base.operations import create_person
from mingdu.base.queries import actor_of_person
from mingdu.rounds.operations import start_cycle
from mingdu.satisfaction.models import Callback
from mingdu.service.operations import CaseKind, CaseOrder, Outcome, close_case, open_case

BOOK = "B1"
PHONE_MASKED = "138****0002"
# Nobody looks at it: what counts is that it begins as a PNG does.
PICTURE = b"\x89PNG\r\n\x1a\n a picture"


def new_case(
    utility: Utility, *, bill: bool = True, words: str = "电费太高了", files: tuple[tuple[str, str], ...] = ()
) -> str:
    """Open a case of the customer's account; returns its number."""
    bill_id = utility.bill_of(OWN) if bill else None
    kind = CaseKind.BILL_TOO_HIGH if bill else CaseKind.ENQUIRY
    order = CaseOrder(OWN, kind, words, bill_id=bill_id, attachments=files)
    return open_case(order, by=SYSTEM, at=NOW).number


def closed_case(utility: Utility, outcome: Outcome = Outcome.FIXED) -> tuple[str, int]:
    """Open a case and let it be closed; returns its number and that of the call about it."""
    number = new_case(utility, bill=False)
    close_case(number, outcome, words="谢谢", by=SYSTEM, at=NOW + timedelta(minutes=5))
    utility.work()
    return number, int(Callback.objects.get(case__number=number).pk)


def new_cycle(month: date) -> int:
    """Start the cycle of the town's first book for a month."""
    return start_cycle(BOOK, month, by=SYSTEM, at=NOW)


def new_person(login: str) -> int:
    """Employ somebody without roles."""
    unit = OrgUnit.objects.get(code="0530")
    return int(create_person(login, f"{login} 员工", password="right", unit=unit, by=SYSTEM, at=NOW).pk)


def actor(login: str) -> Actor:
    """Return a colleague as operations know him."""
    return actor_of_person(Person.objects.get(login=login))
