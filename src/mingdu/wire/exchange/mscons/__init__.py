"""
MSCONS (EDIFACT D.04B, profiles 2.4 of the German market): metered values by OBIS code; read only.

Times carry their offset, +00 as a rule; values stand in the decimal text of the sender.
"""
