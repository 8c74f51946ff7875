"""Reports: figures computed from tables that were read, and never from a database."""
