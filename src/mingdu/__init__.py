"""Mingdu (明度): meter reading, settlement and charging, closed to customer satisfaction."""
