"""Usage points, meters, curves, register readings, findings; the one door for readings."""
