"""Faces for programs and people that come over the network; they decide nothing."""
