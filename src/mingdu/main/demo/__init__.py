"""The demo: a town's data and people, every process of a running system, the check that proves the thread."""
