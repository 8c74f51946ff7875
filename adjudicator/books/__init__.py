"""The books of a scheme: what comes in, what is decided and what is reported, kept in a database."""
