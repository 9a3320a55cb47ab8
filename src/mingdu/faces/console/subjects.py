"""What a task is about, in words, with the page that shows it."""

from __future__ import annotations

from mingdu.base.links import link_to
from mingdu.faces.words import WORDS
from mingdu.work.task_lists import ListedTask


def subject_words(task: ListedTask) -> str:
    """Say what a task is about: place and rule of a finding, else the number of its subject."""
    details = task.details
    if task.kind == "finding" and "rule" in details:
        rule = WORDS.get(details["rule"], details["rule"])
        return f"{details.get('usage_point', '')} · {rule} {details['day']}"
    if "usage_point" in details:
        return " · ".join(str(details[name]) for name in ("usage_point", "address") if name in details)
    return task.subject.partition(":")[2] or task.subject


def subject_links(task: ListedTask) -> list[tuple[str, str]]:
    """Return (words, address) of the pages that show what a task is about; without a page there is none."""
    details = task.details
    found = [(task.subject.partition(":")[2], link_to(task.subject))]
    found += [
        (str(details[name]), link_to(f"{kind}:{details[name]}"))
        for name, kind in (("account", "account"), ("bill", "bill"), ("usage_point", "usage_point"))
        if name in details
    ]
    shown: dict[str, str] = {href: words for words, href in reversed(found) if href}
    return [(words, href) for href, words in reversed(shown.items())]
