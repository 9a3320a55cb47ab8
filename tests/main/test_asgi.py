"""What the web server runs: pages in threads, live alarms as a coroutine, one map of addresses."""

from __future__ import annotations

import asyncio

import httpx
import pytest

pytestmark = pytest.mark.database


async def _answers(*paths: str) -> list[httpx.Response]:
    from mingdu.main.asgi import application

    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return list(await asyncio.gather(*(client.get(path) for path in paths)))


def test_many_pages_at_once_are_each_answered(module_database: str) -> None:
    answers = asyncio.run(_answers(*["/", "/m/sign-in/", "/console/sign-in/", "/health"] * 10))
    assert {answer.status_code for answer in answers if answer.url.path != "/health"} == {200}
    assert all("明度" in answer.text for answer in answers if answer.url.path == "/")


def test_a_style_comes_with_its_length_and_kept_for_ever(module_database: str) -> None:
    from mingdu.base.templatetags.parts import asset

    (answer,) = asyncio.run(_answers(asset("pages.css")))
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]


def test_live_alarms_ask_the_same_door(module_database: str) -> None:
    (answer,) = asyncio.run(_answers("/console/live/"))
    assert answer.status_code in (302, 401)
