"""Counts the answers given, for /metrics."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter

# The pattern of the address, never the address itself: account numbers do not belong into metrics.
ANSWERS = Counter("mingdu_http_answers_total", "Answers given over HTTP", ("method", "route", "status"))
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_answer(request: HttpRequest, response: HttpResponse) -> None:
    """Count one answer by method, pattern of the address and status."""
    match = request.resolver_match
    route = match.route if match else "unknown"
    method = request.method if request.method in METHODS else "other"
    ANSWERS.labels(method, route, str(response.status_code)).inc()
