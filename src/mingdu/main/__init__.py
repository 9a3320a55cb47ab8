"""Settings, start-up, command line, database launcher, wiring: the only place that knows all."""
