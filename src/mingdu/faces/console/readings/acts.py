"""One finding with all that is known of its day, and what a colleague does about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.links import link_to
from mingdu.base.permissions import require
from mingdu.base.queries import names_of
from mingdu.billing.uses import bill_of_day
from mingdu.core.clock import civil_day
from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.faces.console.door import at_desk, is_part, may
from mingdu.faces.console.refusals import refusal
from mingdu.faces.identity import Asked
from mingdu.metering.operations import AlreadyExplained, Explanation, UnknownFinding, explain_finding
from mingdu.metering.operations.edit import BadRegisterValue, RegisterEdit, edit_register
from mingdu.metering.queries.review import ReviewRow, finding_of, findings_of_point
from mingdu.metering.readings import BadValue, FutureReading, NotInstalled, OutsideStorage
from mingdu.metering.zone import zone
from mingdu.rounds.operations import RereadOrder, order_reread

from .forms import START, EditForm, ExplanationForm
from .queue import EXPLAINED_KEY, shown_rows
from .shown import curve_drawn, day_ends, estimate_lines, history_drawn, register_lines, register_words

REFUSED_VALUES = (BadRegisterValue, BadValue, NotInstalled, FutureReading, OutsideStorage)


@require_safe
def finding(request: Asked, finding_id: int) -> HttpResponse:
    """Show one finding: as a drawer, or as a page of its own."""
    by = at_desk(request)
    return _finding_page(request, by, _finding(by, finding_id))


@require_POST
def explain(request: Asked, finding_id: int) -> HttpResponse:
    """Accept what was read: explain the finding, in words."""
    by = at_desk(request)
    require(by, "metering.explain_finding")
    found, form = _finding(by, finding_id), ExplanationForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            explain_finding(
                finding_id, reason=Explanation(said["reason"]), note=said["note"], by=by, at=request.now
            )
        except AlreadyExplained as error:
            messages.warning(request, refusal(error))
        else:
            request.session[EXPLAINED_KEY] = [finding_id]
            messages.success(request, _("The finding is explained."))
        return redirect("console:readings")
    return _finding_page(request, by, found, explanation=form)


@require_POST
def edit(request: Asked, finding_id: int) -> HttpResponse:
    """Enter a register's right value; the day is closed again from it."""
    by = at_desk(request)
    require(by, "metering.correct_readings")
    found = _finding(by, finding_id)
    form = EditForm(_registers(found), request.POST)
    if form.is_valid():
        try:
            is_new = edit_register(_edit(found, form.cleaned_data), by=by, at=request.now)
        except REFUSED_VALUES as error:
            form.add_error("value", refusal(error))
        else:
            said = _("The value is entered; the day is being closed again from it.")
            messages.success(
                request, said if is_new else _("This value stood there already; nothing changed.")
            )
            return redirect("console:finding", finding_id)
    return _finding_page(request, by, found, value=form)


@require_POST
def reread(request: Asked, finding_id: int) -> HttpResponse:
    """Send a reader to the meter; the same finding again is the same visit."""
    by = at_desk(request)
    require(by, "rounds.order_reread")
    found = _finding(by, finding_id)
    registers = tuple(
        each for each in _registers(found) if each is Register.TOTAL or each in PERIOD_REGISTERS
    )
    # The finding's own task has the key "finding:…": a visit is a task beside it.
    key, reason = f"reread:finding:{finding_id}", f"finding:{finding_id}"
    order = RereadOrder(key, found.usage_point_id, registers, day_ends(found.day)[1], reason)
    order_reread(order, by=by, at=request.now)
    messages.success(request, _("A reader is sent to %(point)s.") % {"point": found.code})
    return redirect("console:finding", finding_id)


def _finding(by: Actor, finding_id: int) -> ReviewRow:
    found = finding_of(by, finding_id)
    if found is None:
        raise UnknownFinding(f"finding {finding_id}", finding_id=finding_id)
    return found


def _registers(found: ReviewRow) -> list[Register]:
    """Return the registers that were read at an end of the day; the total alone where none was."""
    return [line.register for line in register_lines(found.usage_point_id, found.day)] or [Register.TOTAL]


def _edit(found: ReviewRow, said: dict[str, Any]) -> RegisterEdit:
    start, end = day_ends(found.day)
    read_at = start if said["end"] == START else end
    return RegisterEdit(found.code, Register[said["register"]], read_at, said["value"].strip(), said["words"])


def _finding_page(
    request: Asked,
    by: Actor,
    found: ReviewRow,
    *,
    explanation: ExplanationForm | None = None,
    value: EditForm | None = None,
) -> HttpResponse:
    shown = shown_rows(by, [found], civil_day(request.now, zone()))[0]
    lines, is_open = register_lines(found.usage_point_id, found.day), found.explained_at is None
    registers = [line.register for line in lines] or [Register.TOTAL]
    may_explain = is_open and may(by, "metering.explain_finding")
    page = {
        "shown": shown,
        "finding": found,
        "is_open": is_open,
        "bill": None if is_open else bill_of_day(found.usage_point_id, found.day),
        "may_see_bills": may(by, "billing.read"),
        "explained_by": names_of({found.by or ""}).get(found.by or "", found.by),
        "curve": curve_drawn(found.usage_point_id, found.day),
        "estimates": estimate_lines(found.usage_point_id, found.day),
        "history": history_drawn(found.usage_point_id, found.day),
        "registers": lines,
        "others": [row for row in findings_of_point(by, found.usage_point_id) if row.pk != found.pk],
        "account_page": link_to(f"account:{shown.holder.account_number}") if shown.holder else "",
        "explanation": (explanation or ExplanationForm()) if may_explain else None,
        "value": (value or EditForm(registers)) if may(by, "metering.correct_readings") else None,
        "may_reread": may(by, "rounds.order_reread"),
        "reread_registers": register_words(registers),
        "refused": bool((explanation and explanation.errors) or (value and value.errors)),
    }  # fmt: skip
    kind = "drawer" if is_part(request) else "finding"
    template = f"faces/console/readings/{kind}.html"
    return render(request, template, page, status=422 if page["refused"] else 200)
