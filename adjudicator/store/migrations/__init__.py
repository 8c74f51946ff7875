"""The changes that brought the tables of the books to what they are, one file each."""
