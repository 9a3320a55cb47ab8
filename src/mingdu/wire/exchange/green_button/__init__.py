"""
Green Button: an Atom feed of ESPI resources (NAESB REQ.21), as customers download it.

Values are whole numbers with a power of ten, times are seconds since 1970 in UTC, and the feed carries its
own rule of local time. Readings are labelled by their start.
"""
