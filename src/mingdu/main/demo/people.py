"""The staff of the demo: one person a role, one random password a data folder."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from mingdu.base.actors import SYSTEM
from mingdu.base.identity import new_token
from mingdu.base.operations import create_person, create_unit, grant_role
from mingdu.base.roles import Role

# Login, printed name, roles. Who reads does not settle, and who proposes does not approve.
STAFF: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("clerk", "核算员 杨敏", (Role.CLERK,)),
    ("agent", "客服 李芳", (Role.AGENT,)),
    ("reader", "抄表员 王强", (Role.READER,)),
    ("engineer", "计量工程师 赵磊", (Role.ENGINEER,)),
    ("manager", "班长 周静", (Role.MANAGER, Role.APPROVER)),
    ("admin", "管理员 陈默", (Role.ADMINISTRATOR,)),
)
COMPANY = ("MD", "明度供电公司")
STATION = ("MD-01", "青柳供电所")


def make_staff(data_folder: Path, at: datetime) -> dict[str, str]:
    """Create units and staff; return the passwords, one drawn for all and kept 0600 in the data folder."""
    kept = data_folder / "passwords.json"
    if kept.exists():
        found: dict[str, str] = json.loads(kept.read_text())
        return found
    company = create_unit(*COMPANY, parent=None, by=SYSTEM, at=at)
    station = create_unit(*STATION, parent=company, by=SYSTEM, at=at)
    password = new_token()[:14]
    passwords = {login: password for login, _, _ in STAFF}
    for login, name, roles in STAFF:
        person = create_person(login, name, password=passwords[login], unit=station, by=SYSTEM, at=at)
        for role in roles:
            grant_role(person, role, unit=station, by=SYSTEM, at=at)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(passwords, file)
    return passwords
