"""What deserves a look: what is selected for review and feedback, and what reviews come to."""
