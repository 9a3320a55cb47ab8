"""
Files of other houses on their way to the one door: named points, our channels, whole digits, civil days.

The formats themselves are read in `wire.exchange`; here their blocks meet what this house knows.
"""
