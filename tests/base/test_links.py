"""Links lead to the pages of higher subjects, or nowhere."""

from __future__ import annotations

from mingdu.base.links import link_to, register_link


def test_links_to_the_page_that_a_higher_subject_registered() -> None:
    register_link("planted_kind", lambda key: f"/planted/{key}/")
    assert link_to("planted_kind:12") == "/planted/12/"


def test_links_nowhere_when_no_page_shows_the_kind() -> None:
    assert link_to("kind_without_page:12") == ""
