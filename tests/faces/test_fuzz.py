"""Whatever is sent, no route breaks: every answer is below 500, and every refusal is a problem document."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from faces.small_utility import OWN, Utility
from mingdu.faces.api.root import api

pytestmark = pytest.mark.database

PATHS: dict[str, dict[str, Any]] = api.get_openapi_schema()["paths"]
SCHEMAS: dict[str, Any] = api.get_openapi_schema()["components"]["schemas"]
# Who may do most: what the door refuses never reaches what lies behind it.
WHO = st.sampled_from(
    ["customer", "agent", "clerk", "engineer", "reader", "approver", "manager", "administrator"]
)

HUGE = st.sampled_from([0, -1, 2**31, 2**63 - 1, 2**63, 10**30])
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["\x00", "'", '"; DROP', "1e99", "9" * 20, "NaN", "-0", "٣", OWN]
)
TIMES = st.datetimes(timezones=st.timezones()).map(lambda time: time.isoformat())
LEAVES = st.none() | st.booleans() | st.integers() | HUGE | TEXTS | TIMES | st.floats(allow_nan=False)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def like(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that mostly fit a schema, so that they come past its form to what lies behind."""
    if "$ref" in schema:
        return like(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([like(each) for each in schema["anyOf"]])
    if schema.get("type") == "object":
        return st.fixed_dictionaries({name: like(each) for name, each in schema["properties"].items()})
    if schema.get("type") == "array":
        return st.lists(like(schema["items"]), min_size=1, max_size=2)
    if schema.get("format") in ("date", "date-time"):
        return TIMES | st.just("2027-01-01T00:00:00+08:00") | st.just("2026-12-31")
    kinds = {"integer": st.integers(1, 9) | HUGE, "boolean": st.booleans(), "null": st.none()}
    return kinds.get(str(schema.get("type")), TEXTS | st.sampled_from(["1", "310.25", "TOTAL"]))


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A route with a drawn address, and for POST a drawn body."""
    template = draw(st.sampled_from(sorted(PATHS)))
    method = draw(st.sampled_from(sorted(PATHS[template])))
    described = PATHS[template][method]
    path, query = template.removeprefix("/api/v1/"), []
    for parameter in described.get("parameters", []):
        value = draw(like(parameter["schema"]) | TEXTS)
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(str(value), safe="") or "0")
        else:
            query.append(f"{parameter['name']}={quote(str(value), safe='')}")
    content = described.get("requestBody", {}).get("content", {}).get("application/json")
    body = draw(like(content["schema"]) | JSON) if content else draw(JSON)
    return method, "?".join([path, "&".join(query)]), body


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(call=calls(), who=WHO)
@example(call=("post", "customer/code", {"phone": "0" * 21}), who="customer")
def test_no_call_breaks_a_route(utility: Utility, call: tuple[str, str, Any], who: str) -> None:
    method, path, body = call
    answer = utility.get(path, who) if method == "get" else utility.post(path, who, body)
    assert answer.status_code < 500, (who, method, path, body, answer.content)
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"]


@settings(max_examples=40, deadline=None)
@given(
    path=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30),
    who=st.sampled_from(["", "customer"]),
)
def test_no_address_breaks(utility: Utility, path: str, who: str) -> None:
    answer = utility.get(quote(path, safe="/?&="), who)
    assert answer.status_code < 500


@settings(max_examples=40, deadline=None)
@given(
    path=st.sampled_from(["sign-in/", "code/", "cases/new/", "console"]),
    form=st.dictionaries(
        st.sampled_from(
            ["phone", "code", "account", "bill_id", "kind", "words", "login", "password", "next"]
        ),
        TEXTS,
    ),
)
def test_no_form_breaks_a_page(utility: Utility, path: str, form: dict[str, str]) -> None:
    address = "/console/sign-in/" if path == "console" else f"/m/{path}"
    assert utility.client.post(address, form).status_code < 500
