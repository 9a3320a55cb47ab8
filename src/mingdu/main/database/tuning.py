"""The server's settings, each with its reason: two cores and 24 GiB shared with everything else."""

from __future__ import annotations

from pathlib import Path

from mingdu.main.database.places import PORT

SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("synchronous_commit", "on", "an acknowledged reading or bill must survive a crash"),
    ("fsync", "on", "for the same reason"),
    ("full_page_writes", "on", "for the same reason"),
    ("listen_addresses", "''", "no network: the socket's folder is the first door, the password the second"),
    ("unix_socket_permissions", "0700", "only the server's user and root may knock"),
    ("max_connections", "100", "web, workers, head end and a test run together stay below 60"),
    ("shared_buffers", "2GB", "the hot month's indexes; the rest is left to the system's cache"),
    ("effective_cache_size", "12GB", "half the machine is what that cache may reach beside Mingdu itself"),
    ("work_mem", "64MB", "a bucket of 2,500 usage points sorts and aggregates in memory"),
    ("maintenance_work_mem", "512MB", "index builds over a month partition in one pass"),
    ("max_wal_size", "4GB", "a day of a million curves loads between two checkpoints"),
    ("min_wal_size", "256MB", "an idle demo does not hold gigabytes of log"),
    ("checkpoint_timeout", "15min", "fewer full pages in the log; recovery still ends within minutes"),
    ("max_slot_wal_keep_size", "8GB", "a backup that nobody fetches any more does not fill the disk"),
    ("wal_compression", "on", "full pages shrink to a third for little work"),
    ("max_parallel_workers_per_gather", "0", "the workers fill both cores; also needs no /dev/shm"),
    ("max_parallel_maintenance_workers", "0", "for the same reason"),
    ("random_page_cost", "1.1", "solid state disks"),
    ("jit", "off", "short statements; compiling them costs more than it saves"),
    ("timezone", "UTC", "instants are stored in UTC; civil time belongs to the utility's zone"),
    ("log_timezone", "UTC", "for the same reason"),
    ("log_line_prefix", "'%m [%p] %d '", "time, process and database of each line"),
    ("log_min_duration_statement", "2s", "slow statements show themselves"),
)

SINCE_17: tuple[tuple[str, str, str], ...] = (
    ("summarize_wal", "on", "an incremental backup asks which blocks have changed"),
)


def configuration(socket_folder: Path, major_version: int) -> str:
    """
    Return the text of postgresql.conf, written at each start.

    major_version  of the programs; a server refuses settings that it does not know.

    What an administrator sets by ALTER SYSTEM stands in postgresql.auto.conf and still wins.
    """
    place = (
        ("port", str(PORT), "only part of the socket's name"),
        ("unix_socket_directories", f"'{socket_folder}'", "short: longer paths than about 100 are refused"),
    )
    settings = SETTINGS + (SINCE_17 if major_version >= 17 else ())
    lines = [f"{name} = {value}  # {reason}" for name, value, reason in (*settings, *place)]
    return (
        "# Written by the launcher at each start; change settings with ALTER SYSTEM.\n"
        + "\n".join(lines)
        + "\n"
    )


ACCESS = """\
# Written by the launcher at each start: one role, by password, through the socket.
local all mingdu scram-sha-256
# Backups copy the server over a connection of its own kind.
local replication mingdu scram-sha-256
"""
