"""Speed, each time against a named peer in the same run, with equal results asserted."""
