"""Claims that come one at a time: received, decided and answered at once."""
