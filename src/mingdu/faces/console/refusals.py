"""What a colleague is told of his act: that it is done, or the cause and the next step of a refusal."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mingdu.errors import TradeError

WORDS = {
    "ApprovalByProposer": _("You proposed this yourself. Ask a colleague who approves to look at it."),
    "RunNotReady": _("The rehearsal is not done yet. Wait until all its parts are done."),
    "RunAlreadyApproved": _("This run was approved before. It can be issued."),
    "RunNotApproved": _("This run is not approved yet. It is issued after another person has approved it."),
    "PeriodNotOver": _("This month is not over yet, so its last readings do not exist."),
    "BadPeriod": _("Write the month like 2026-12."),
    "UnknownBook": _("There is no such book."),
    "AlreadyExplained": _("Somebody has explained this finding meanwhile; his explanation stands."),
    "ExplanationInUse": _(
        "A bill was issued from this day, so the explanation stands. Correct the reading instead."
    ),
    "NothingToWithdraw": _("The finding is open already."),
    "BadRegisterValue": _("Type the digits as the register shows them, at most two after the point."),
    "BadValue": _("The register cannot show this value. Read it again."),
    "NotInstalled": _("No meter hung at this point at that time."),
    "FutureReading": _("This time has not come yet."),
    "OutsideStorage": _("No readings are kept of this month."),
    "TaskAlreadyDone": _("Somebody has done this task meanwhile."),
    "TaskIsStep": _("This task is a step of a process; it ends with the step."),
    "NotTaskOwner": _("This task belongs to another role or person. Have it given to you first."),
    "NoBillInCase": _("This case names no bill, so there is nothing to read again or to correct."),
    "CaseAlreadyClosed": _("The customer has closed this case meanwhile. What is new belongs to a new case."),
    "AnswerMissing": _("Write what was found and what comes next."),
    "ProposalWaits": _("A correction of this bill waits for its approval already."),
    "NothingToCorrect": _(
        "Today's readings give the same bill. Explain it to the customer; nothing changes."
    ),
    "NotBillable": _("Today's readings give no bill. Have the registers read again first."),
    "BillAlreadyCorrected": _("This bill was corrected before. Look at the bill that replaced it."),
    "CorrectionAlreadyApproved": _("This correction was carried out before. Look at the new bill."),
    "ProposalOutdated": _("Readings changed after the proposal. Have it proposed again."),
    "AlreadyReached": _("This customer was reached before and gave his score."),
    "CustomerRefused": _("This customer does not want to be called. Leave him in peace."),
    "BadScore": _("A customer who was reached gives a score from 1 to 5; nobody else has one."),
    "NextTryUnfit": _("Choose a time to come; only who was not reached is called again."),
    "SamePerson": _("You had a hand in an earlier step. Let a colleague of this role do this one."),
    "NothingToReturn": _("This is the first step; there is none before it."),
    "ReasonMissing": _("Say what has to be done again."),
    "MonthNotOver": _("This month is not over yet, so its last readings do not exist."),
    "NotBeingRead": _("Readers are sent while the reading step is open. Look at the step that is open now."),
    "MonthAhead": _("This month has not begun yet."),
    "UnknownStep": _("This step was ended meanwhile. Look at the one that is open now."),
    "IncompatibleRoles": _(
        "Who reads does not settle, and who proposes does not approve: this role does not go with one that "
        "is held there. Give it to another person, or withdraw the other role first."
    ),
    "LoginTaken": _("Somebody signs in by this name already. Choose another."),
    "OwnAccess": _("You cannot take your own access away. Let another administrator do it."),
    "RoleNotHeld": _("This role was withdrawn meanwhile."),
    "NotGivenUp": _("It was delivered meanwhile, or is still tried by itself."),
    "UnknownPerson": _("This person is not here any more. Choose another."),
    "MismatchSettled": _("A colleague has settled this payment meanwhile. Look at what was decided."),
    "TransactionBooked": _(
        "This transaction of the gateway is booked already, so its money is not booked again."
    ),
    "UnknownMismatch": _("Nothing has to be settled here any more."),
    "UploadTooLarge": _(
        "The file is larger than 64 MB. Hand it in in parts, or have it imported on the server."
    ),
    "EmptyUpload": _("The file is empty. Choose it again; perhaps it was still being written."),
    "NotChecked": _("This file was imported already, or its check is not done. Look at its state."),
    "UnknownZone": _("There is no such zone. Write it like Europe/London, or Etc/GMT for no summer time."),
    "BadMapping": _("Choose one column for the time and at least one for values; amounts need an interval."),
    "BadMappingName": _("Another mapping has this name, or it is empty or too long. Choose another."),
    "UnknownMapping": _("This mapping was renamed or taken out of use meanwhile."),
    "EmptyTable": _("The table has no row. Check that the file is the one meant."),
    "PersonWithoutRole": _("This person may not do this task. Choose another."),
}


def refusal(error: TradeError) -> str:
    """Return what is told of a refused act."""
    return str(WORDS.get(error.name, error.message))


def is_done(request: HttpRequest, act: Callable[[], object], words: str, form: Form | None = None) -> bool:
    """
    Do an act and say so in `words`, or tell why it was refused; tells whether it was done.

    form    a refusal stands above it; None: as a toast
    raises  refusals that have no words here: the page of refusals answers them
    """
    try:
        act()
    except TradeError as error:
        if error.name not in WORDS:
            raise
        if form is None:
            messages.error(request, refusal(error))
        else:
            form.add_error(None, refusal(error))
        return False
    messages.success(request, words)
    return True
