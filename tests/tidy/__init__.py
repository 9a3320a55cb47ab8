"""The rules that import-linter cannot see: each is a function of the tree that yields findings."""
