"""Faults of committed files: machine paths, registries, built assets, rule files without a schema."""

from __future__ import annotations

from tidy.planted import Planted

FILES = (
    Planted(
        "machine_paths", "a folder of one machine", "docs/a.md", "see /work/main/README\n", "see README\n"
    ),
    Planted(
        "machine_paths", "somebody's home", "Makefile", "\tls /home/ada/mingdu\n", "\tls /var/lib/mingdu\n"
    ),
    Planted(
        "machine_paths",
        "a registry",
        "web/.npmrc",
        "registry=https://registry.npmjs.org/\n",
        "omit-lockfile-registry-resolved=true\n",
    ),
    Planted(
        "machine_paths",
        "an index line",
        "requirements/base.txt",
        "--index-url https://example.org\n",
        "numpy==2.4.6 \\\n    --hash=sha256:00\n",
    ),
    Planted("machine_paths", "a wheel on disk", "requirements/base.txt", "a @ file:///a.whl\n", "a==1\n"),
    Planted(
        "rule_files", "no schema", "rules/tariffs/a.yaml", "name: a\n", "schema: mingdu/tariff/1\nname: a\n"
    ),
    Planted("rule_files", "a list", "meters/a.yaml", "- 1\n", "schema: mingdu/meter/1\n"),
    Planted("rule_files", "broken YAML", "rules/a.yml", "a: [1\n", "schema: mingdu/promise/2\n"),
)
