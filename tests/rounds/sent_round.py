"""A small town whose December is being read: some meters of its first book gave no answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from acting import staff
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.roles import Role
from mingdu.core.registers import Register
from mingdu.rounds.operations import FieldItem
from small_town import FREEZES, Reading, SmallTown, freeze_readings, midnight, register_town

POINTS = 12
DECEMBER = date(2026, 12, 1)
END = FREEZES[-1]


@dataclass(frozen=True)
class SentRound:
    """
    The town, and the cycle of its book whose reading step is open.

    walked   numbers of the book's points in walking order
    lacking  those of them without a reading of the month's end, in walking order
    """

    small: SmallTown
    run_id: int
    unit_id: int
    book: str
    walked: list[int]
    lacking: list[int]
    now: datetime

    @property
    def clerk(self) -> Actor:
        return staff(Role.CLERK, units={self.unit_id})

    @property
    def later(self) -> datetime:
        return self.now + timedelta(minutes=5)

    def arrive(self, *numbers: int) -> None:
        """Let the terminals bring the readings of some meters after all."""
        late = [reading for reading in readings_of_the_end(self.small) if reading[0] in numbers]
        assert not self.small.store(late, at=self.later).bad

    def items(self, number: int, task_id: int, *, slip: int = 0) -> list[FieldItem]:
        """Return what a phone sends of a meter: each register as it is, the total with a slip."""
        found = {each[1]: each[3] for each in readings_of_the_end(self.small) if each[0] == number}
        return [
            FieldItem(
                f"{task_id}:{register.name}", task_id, register,
                f"{digits // 100}.{digits % 100:02d}", midnight(END), self.later,
            )
            for register, digits in (
                (each, found[each] + slip * (each is Register.TOTAL)) for each in sorted(found)
            )
        ]  # fmt: skip


def build_round(now: datetime, *, is_prepared: bool = True, missing: int = 3) -> SentRound:
    """Register the town, store its readings but the missing ones, and open the cycle's reading step."""
    from mingdu.metering.queries.facts import point_facts_by_id
    from mingdu.rounds.models import BookPoint
    from mingdu.rounds.operations import start_cycle
    from mingdu.rounds.queries import book_codes
    from mingdu.work.processes import finish_step

    small = register_town(POINTS, at=now)
    book = book_codes()[0]
    numbers = {point: number for number, point in small.point_ids.items()}
    # The town's freezes are those of its customers; its areas' check meters are left out of the book.
    BookPoint.objects.exclude(usage_point_id__in=numbers).delete()
    placed = BookPoint.objects.filter(book__code=book).order_by("place")
    walked = [numbers[point] for point in placed.values_list("usage_point_id", flat=True)]
    lacking = walked[1 : 1 + missing]
    for day in FREEZES[:-1]:
        assert not small.store(freeze_readings(small.town, day), at=now).bad
    there = [reading for reading in readings_of_the_end(small) if reading[0] not in lacking]
    assert not small.store(there, at=now).bad
    run_id = start_cycle(book, DECEMBER, by=SYSTEM, at=now)
    if is_prepared:
        finish_step(run_id, "prepare", outcome="done", by=staff(Role.CLERK), at=now)
    unit_id = point_facts_by_id(small.point_ids[walked[0]]).unit_id
    return SentRound(small, run_id, unit_id, book, walked, lacking, now)


def readings_of_the_end(small: SmallTown) -> list[Reading]:
    """List what every meter froze when December ended."""
    return freeze_readings(small.town, END)


def new_reader(login: str, unit_id: int, now: datetime) -> Actor:
    """Employ a reader on a unit."""
    from mingdu.base.models import OrgUnit
    from mingdu.base.operations import create_person, grant_role
    from mingdu.base.queries import actor_of_person

    unit = OrgUnit.objects.get(pk=unit_id)
    person = create_person(login, f"{login} 员工", password="right", unit=unit, by=SYSTEM, at=now)
    grant_role(person, Role.READER, unit=unit, by=SYSTEM, at=now)
    return actor_of_person(person)
