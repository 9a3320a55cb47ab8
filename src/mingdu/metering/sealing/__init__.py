"""Sealing of months (封存): a bucket's rows go into files, are proven there, and leave the tables."""
