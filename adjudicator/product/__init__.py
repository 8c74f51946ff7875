"""What a product says: from a YAML file to a checked definition, to the terms of each provision."""
