"""The bulk tables of readings: columns in, columns out; SQL only."""
