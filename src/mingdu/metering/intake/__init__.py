"""How readings are taken: checked row by row, met with what is stored, written by versions."""
