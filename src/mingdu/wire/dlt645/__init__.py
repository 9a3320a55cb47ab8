"""DL/T 645-2007 (and the part of 1997 that old meters still speak): bytes to objects and back, no I/O."""
