"""
NEM12 (interval data) and NEM13 (register reads): the Meter Data File Format of the Australian market.

Records are comma separated, begin with a three-digit indicator and end with CR LF. Every time is market time,
+10:00 all the year round. Source: AEMO, Meter Data File Format Specification NEM12 & NEM13.
"""
