"""Expected failures as answers: application/problem+json for programs, a plain page for people."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from mingdu.errors import TradeError

from .traffic import count_answer

API = "/api/"
PROBLEM = "application/problem+json"

# What the status has to tell apart; every other named error says that the sent values do not fit.
UNFIT = 422
STATUSES: dict[int, frozenset[str]] = {
    400: frozenset({"UnreadableRequest"}),
    401: frozenset({"NotSignedIn", "WrongSignIn", "WrongCode"}),
    403: frozenset(
        {"ApprovalByProposer", "ForgedRequest", "NotPermitted", "NotTaskOwner", "NoticeRefused", "SamePerson"}
    ),
    404: frozenset(
        {
            "UnknownAccount", "UnknownAddress", "UnknownBill", "UnknownBucket", "UnknownCallback",
            "UnknownCase", "UnknownContact", "UnknownCorrection", "UnknownCycle", "UnknownEvent",
            "UnknownFinding", "UnknownImport", "UnknownMember", "UnknownMessage", "UnknownMismatch",
            "UnknownNotice",
            "UnknownOrder", "UnknownProcess", "UnknownReceipt", "UnknownRun", "UnknownStep", "UnknownTask",
            "UnknownUsagePoint",
        }
    ),
    405: frozenset({"MethodNotAllowed"}),
    409: frozenset(
        {
            "AlreadyExplained", "AlreadyReached", "BillAlreadyCorrected", "CaseAlreadyClosed",
            "CorrectionAlreadyApproved", "DayNotOver", "JournalTwice", "LoginTaken", "MonthAhead",
            "MonthNotOver", "NoBillInCase", "NotBeingRead", "NotGivenUp", "NothingToCorrect",
            "NothingToReturn", "OwnAccess", "PeriodNotOver", "ProposalOutdated", "ProposalWaits",
            "RunAlreadyApproved", "RunNotApproved", "RunNotReady", "TaskAlreadyDone", "TaskIsStep",
            "MismatchSettled", "TransactionBooked",
        }
    ),
    413: frozenset({"AttachmentTooLarge"}),
    415: frozenset({"UnknownMedia"}),
    429: frozenset({"TooManyCodes", "TooManyNotices", "TooManyTries"}),
    # Faults of the system itself: nothing that the caller sends mends them.
    500: frozenset(
        {
            "AttachmentDamaged", "BillNotReproduced", "NoGateway", "NoTransaction", "UnknownVerb",
            "UnknownWork", "SealedFileDamaged", "SealedFileMissing", "SealingNotInstalled",
        }
    ),
}  # fmt: skip
_STATUS_OF = {name: status for status, names in STATUSES.items() for name in names}


class BadInput(TradeError):
    """The sent values do not have the form that this address takes."""

    next_step = "compare them with /api/v1/openapi.json"


class UnreadableRequest(TradeError):
    """The request's body cannot be read."""

    next_step = "send JSON in UTF-8"


class UnknownAddress(TradeError):
    """There is nothing at this address."""

    next_step = "look the address up in /api/v1/openapi.json"


class MethodNotAllowed(TradeError):
    """This address does not take this method."""

    next_step = "look the methods up in /api/v1/openapi.json"


class ProblemMiddleware:
    """Turns named errors into answers, and counts what was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next step."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; below /api/ also Django's own refusals become problems."""
        response = self._get_response(request)
        if request.path.startswith(API) and response.status_code in (400, 404, 405):
            response = _as_problem(request, response)
        count_answer(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a named error that a view raised; anything else is Django's to report."""
        if not isinstance(error, TradeError):
            return None
        return problem(error) if request.path.startswith(API) else _page(request, error)


def problem(error: TradeError) -> HttpResponse:
    """Return the problem document (RFC 9457) of a named error; `code` is the error's name."""
    status = status_of(error)
    document = {
        "type": f"urn:mingdu:problem:{error.name}",
        "title": title_of(type(error)),
        "status": status,
        "detail": error.message,
        "code": error.name,
        "values": error.values,
        "next": error.next,
    }
    text = json.dumps(document, ensure_ascii=False, default=_plain)
    answer = HttpResponse(text, status=status, content_type=PROBLEM)
    if "wait_seconds" in error.values:
        answer["Retry-After"] = str(error.values["wait_seconds"])
    return answer


def status_of(error: TradeError) -> int:
    """Return the status of a named error."""
    return _STATUS_OF.get(error.name, UNFIT)


def title_of(kind: type[TradeError]) -> str:
    """Return what this kind of error means: the first sentence of its docstring."""
    return inspect.cleandoc(kind.__doc__ or kind.__name__).partition("\n")[0]


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if response.headers.get("Content-Type") == PROBLEM:
        return response
    if response.status_code == 405:
        answer = problem(MethodNotAllowed(f"{request.method} is not taken here", method=request.method))
        answer["Allow"] = response.headers.get("Allow", "")
        return answer
    if response.status_code == 400:
        return problem(UnreadableRequest("the request is too large, or not in the form that it claims"))
    return problem(UnknownAddress(f"nothing at {request.path}", path=request.path))


def _page(request: HttpRequest, error: TradeError) -> HttpResponse:
    status = status_of(error)
    if status == 401 and error.name == "NotSignedIn":
        door = "console:sign_in" if request.path.startswith("/console/") else "customer:sign_in"
        return HttpResponseRedirect(f"{reverse(door)}?{urlencode({'next': request.path})}")
    return render(request, "faces/problem.html", {"error": error, "status": status}, status=status)


def _plain(value: object) -> object:
    """Write what JSON has no word for: sets as sorted lists, days, times and decimals as text."""
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
