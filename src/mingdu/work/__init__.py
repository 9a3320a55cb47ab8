"""Tasks with owner and time limit; processes from definition to run."""
