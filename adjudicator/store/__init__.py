"""The store: tables, sessions, bulk reading and writing. It knows tables, not law."""
