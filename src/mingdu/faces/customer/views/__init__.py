"""What customers' pages do when they are asked."""
