"""The database launcher: `DATABASE_URL`, else a PostgreSQL of our own from the installed wheel."""

from mingdu.main.database.cluster import DatabaseDown, WrongMajorVersion
from mingdu.main.database.launcher import Server, Status, start, status, stop, url
from mingdu.main.database.major_upgrade import upgrade

__all__ = [
    "DatabaseDown",
    "Server",
    "Status",
    "WrongMajorVersion",
    "start",
    "status",
    "stop",
    "upgrade",
    "url",
]
