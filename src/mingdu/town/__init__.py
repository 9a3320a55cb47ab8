"""The simulated town: meters that speak the real protocols, people, planted faults with known truth."""
