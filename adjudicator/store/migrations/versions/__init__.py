"""Numbered changes of the tables; what a file says never changes once it was released."""
