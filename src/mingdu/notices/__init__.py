"""Templates, channels, sending with proof."""
