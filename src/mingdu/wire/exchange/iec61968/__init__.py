"""
MeterReadings of IEC 61968-9 (message namespace of 2011), as head ends and meter data systems exchange them.

A value's meaning is the code of 18 parts of its reading type. An interval's time stamp is its end; blocks
label it by its start, as everywhere in this house.
"""
