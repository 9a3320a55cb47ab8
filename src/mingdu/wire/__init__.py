"""Pure protocols: bytes to objects and back; no socket, no clock."""
