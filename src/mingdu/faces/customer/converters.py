"""What stands between the slashes of customers' addresses; both maps of addresses import this."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import IntConverter


class RowConverter(IntConverter):
    """A number of a row: one that the database's whole numbers can hold."""

    regex = "[0-9]{1,18}"


register_converter(RowConverter, "row")
