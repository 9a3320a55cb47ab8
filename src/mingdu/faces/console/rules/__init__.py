"""Rules of the day close and what they hit (规则命中)."""
