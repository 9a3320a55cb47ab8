"""The day close (日清) of a bucket: fetch, let the kernels judge and fill, write what changed."""
