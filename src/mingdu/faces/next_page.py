"""Where a sign-in goes on to."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_page(request: HttpRequest, usual: str) -> str:
    """Return the page that was asked for before the sign-in, when it is one of ours; else the usual one."""
    wanted = request.POST.get("next") or request.GET.get("next") or usual
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else usual
