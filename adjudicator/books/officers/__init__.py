"""The register of officers as the books keep it, and the proof that a name is its owner's."""
