"""Readers: files of one kind in, registers or claims out, or problems with their place."""
