"""Files of readings: cut into columns, read, taken through the one door, reported line by line."""
