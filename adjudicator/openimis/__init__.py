"""Moving in from openIMIS, moving side by side with it, and moving back."""
