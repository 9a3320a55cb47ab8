"""Puts the routes together as one versioned API with its OpenAPI description."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from mingdu.errors import TradeError
from mingdu.faces.problems import BadInput, UnreadableRequest, problem

from . import (
    accounts,
    cases,
    files,
    known,
    ledger,
    messages,
    metering,
    network,
    payments,
    processes,
    readings,
    rounds,
    runs,
    signing,
    tasks,
)
from .door import Door

api = NinjaAPI(
    title="Mingdu",
    version="1",
    description=(
        "Meter reading, settlement and charging. Amounts are decimal strings of yuan, energies of kWh, times"
        " ISO 8601 with the utility zone's offset. Errors are application/problem+json; `code` names them."
    ),
    urls_namespace="api",
    docs_url=None,
    auth=Door(),
)

for routes in (
    signing, accounts, cases, tasks, processes, rounds, runs, metering, network, readings, messages, files,
    ledger, payments, known,
):  # fmt: skip
    api.add_router("", routes.router)


@api.exception_handler(TradeError)
def named_error(request: HttpRequest, error: TradeError) -> HttpResponse:
    """Answer an expected failure."""
    return problem(error)


@api.exception_handler(ValidationError)
def unfit_values(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Tell which sent values do not have the form that the address takes, without repeating them."""
    errors = [
        {"at": ".".join(str(part) for part in each["loc"]), "fault": each["msg"]} for each in error.errors
    ]
    return problem(BadInput(f"{len(errors)} of the sent values do not fit", errors=errors))


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer a body that is not JSON."""
    return problem(UnreadableRequest(error.message))
