"""Cases of customers at the desk."""
