"""Reading review (抄表复核): the queue of findings, one finding, and what is done about it."""
