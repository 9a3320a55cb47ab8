"""
Exchange formats (交换格式): files of other houses to columns and back; pure, streaming, in bounded memory.

A reader takes an iterable of byte pieces of any size and yields, in the order of the file, `Block` objects
(columns of one channel) and `BadRecord` objects (what was wrong, with its line); it raises a `BadRecord`
only where the rest of the file cannot be trusted. Nothing is opened, fetched or stored here.
"""
