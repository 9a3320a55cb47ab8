"""Pure columnar kernels and the frozen facts they speak."""
