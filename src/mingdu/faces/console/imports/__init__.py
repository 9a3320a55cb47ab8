"""Files of readings at the desk: handed in, checked, imported; mappings of tables remembered."""
