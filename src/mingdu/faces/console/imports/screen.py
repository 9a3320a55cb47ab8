"""Imports at the desk: hand a file in, choose how it is read, look at the check, have it imported."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mingdu.base.actors import Actor
from mingdu.base.permissions import require
from mingdu.base.queries import names_of
from mingdu.base.sheets import sheet_of
from mingdu.errors import TradeError
from mingdu.faces.console.door import at_desk, is_part, not_kept
from mingdu.faces.console.refusals import is_done, refusal
from mingdu.faces.identity import Asked
from mingdu.metering.exchange import ExchangeFormat
from mingdu.metering.imports.exchange.files_kept import kept_path
from mingdu.metering.imports.exchange.tables import guess_table, score_of
from mingdu.metering.operations import (
    check_file,
    hand_in_file,
    import_checked,
    rename_mapping,
    retire_mapping,
    save_mapping,
    told_format,
    use_mapping,
)
from mingdu.metering.queries.file_imports import (
    ImportView,
    file_import_of,
    import_numbers,
    imports_seen,
    mappings_in_use,
)
from mingdu.wire.exchange.table.mapping import BadMapping, Mapping, from_json

from .forms import FORMATS, ReadingForm, TableForm, UploadForm
from .shown import bad_of, bad_shown, conflicts_shown, figures_of, preview_of, report_lines, state_of

VERB = "metering.accept_readings"


@require_http_methods(["GET", "POST"])
def imports(request: Asked) -> HttpResponse:
    """Take a file, and list those that were handed in and the remembered mappings."""
    by = at_desk(request)
    require(by, VERB)
    is_sent = request.method == "POST"
    form = UploadForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            number = hand_in_file(file.name, file.chunks(), by=by, at=request.now)
        except TradeError as error:
            form.add_error("file", refusal(error))
        else:
            return redirect("console:import", number)
    sheet = sheet_of(request, import_numbers(by))
    views = imports_seen(by, sheet.rows)
    names = names_of({view.uploaded_by for view in views})
    page = {
        "form": form,
        "sheet": sheet,
        "rows": [
            (view, state_of(view), names.get(view.uploaded_by, view.uploaded_by), bad_of(view.report or {}))
            for view in views
        ],
        "mappings": mappings_in_use(by),
    }
    status = 422 if form.errors else 200
    return render(request, "faces/console/imports/list.html", page, status=status)


@require_http_methods(["GET", "POST"])
def one_import(request: Asked, number: int) -> HttpResponse:
    """Show one file: how it is read, what the check says, what became of it."""
    by = at_desk(request)
    view = file_import_of(by, number)
    form = _form(request, by, view)
    if request.method == "POST" and form.is_valid() and _check(request, by, view, form):
        return redirect("console:import", number)
    state = state_of(view)
    said = view.report or view.checked or {}
    page = {
        "view": view,
        "state": state,
        "form": None if view.report is not None or state.is_working else form,
        "is_table": isinstance(form, TableForm),
        "figures": figures_of(said) if "bad" in said else [],
        "said": said,
        "bad": bad_shown(said),
        "conflicting": conflicts_shown(said),
        "format": FORMATS.get(view.options.get("format", ""), ""),
        "people": names_of({view.uploaded_by, view.imported_by}),
    }
    if isinstance(form, TableForm):
        page |= _table_page(by, view, form)
    status = 422 if form.errors else 200
    return not_kept(render(request, "faces/console/imports/import.html", page, status=status))


@require_safe
def progress(request: Asked, number: int) -> HttpResponse:
    """Show how far the workers are, as a part of the page; then the whole page is asked for anew."""
    view = file_import_of(at_desk(request), number)
    if not is_part(request):
        return redirect("console:import", number)
    state = state_of(view)
    answer = render(request, "faces/console/imports/progress.html", {"view": view, "state": state})
    if not state.is_working:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def start(request: Asked, number: int) -> HttpResponse:
    """Have a checked file imported."""
    by = at_desk(request)
    act = partial(import_checked, number, by=by, at=request.now)
    is_done(request, act, _("The import has started. You may leave this page."))
    return redirect("console:import", number)


@require_safe
def report(request: Asked, number: int) -> StreamingHttpResponse:
    """Give the report by line as a file."""
    view = file_import_of(at_desk(request), number)
    lines = report_lines(view.report or view.checked or {})
    answer = StreamingHttpResponse((line.encode() for line in lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{number}.csv"'
    return answer


@require_POST
def mapping(request: Asked) -> HttpResponse:
    """Rename a mapping, or take it out of use."""
    by = at_desk(request)
    name, new_name = request.POST.get("name", ""), request.POST.get("new_name", "").strip()
    if request.POST.get("act") == "retire":
        is_done(
            request, partial(retire_mapping, name, by=by, at=request.now), _("The mapping is out of use.")
        )
    else:
        act = partial(rename_mapping, name, new_name, by=by, at=request.now)
        is_done(request, act, _("The mapping has its new name."))
    return redirect("console:imports")


def _form(request: Asked, by: Actor, view: ImportView) -> ReadingForm:
    path = kept_path(view.sha256)
    told = request.POST.get("format") or view.options.get("format") or told_format(path).value
    initial = {"minutes": 15, "decimals": 3} | view.options | {"format": told}
    if told != ExchangeFormat.TABLE:
        return ReadingForm(request.POST or None, initial=initial)
    try:
        return TableForm(_mapping(request, by, view), request.POST or None, initial)
    except TradeError as error:
        form = ReadingForm(request.POST or None, initial=initial)
        if request.method == "POST":
            form.full_clean()
            form.add_error("format", refusal(error))
        else:
            messages.error(request, refusal(error))
        return form


def _mapping(request: Asked, by: Actor, view: ImportView) -> Mapping:
    """The mapping that the page begins with: a remembered one, that of the latest check, or a guess."""
    if name := request.GET.get("map", ""):
        return use_mapping(name, by=by, at=request.now)
    if request.method != "POST" and (stored := view.options.get("mapping")):
        return from_json(stored)
    return guess_table(kept_path(view.sha256))[0]


def _check(request: Asked, by: Actor, view: ImportView, form: ReadingForm) -> bool:
    """Save the mapping where a name is given, and have the file checked; a preview alone does neither."""
    try:
        if isinstance(form, TableForm):
            chosen = form.chosen()
            chosen.require_interval()
            if request.POST.get("act") == "preview":
                return False
            if form.cleaned_data["save_as"]:
                save_mapping(form.cleaned_data["save_as"].strip(), chosen, by=by, at=request.now)
        check_file(view.number, form.reading(), by=by, at=request.now)
    except TradeError as error:
        form.add_error(_field_of(error, form), refusal(error))
        return False
    messages.success(request, _("The check has started. Nothing is written by it."))
    return True


def _field_of(error: TradeError, form: ReadingForm) -> str | None:
    """Which field an error stands at."""
    field = {"UnknownZone": "zone", "BadMappingName": "save_as"}.get(error.name)
    return field if field in form.fields else None


def _table_page(by: Actor, view: ImportView, form: TableForm) -> dict[str, Any]:
    """The first rows through the mapping as it stands in the form, and the mappings that fit."""
    shown, why = form.mapping, ""
    headers = [column.header for column in form.mapping.columns]
    try:
        if form.is_bound and form.is_valid():
            shown = form.chosen()
        preview = preview_of(kept_path(view.sha256), shown)
    except BadMapping as error:
        preview, why = [], refusal(error)
    return {
        "preview": preview,
        "why": why,
        "score": score_of(form.mapping),
        "fitting": [each for each in mappings_in_use(by) if each.mapping.fits(headers)],
    }
