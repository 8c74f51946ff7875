"""The actuary's standard figures: triangles, development, reserves, frequency, adequacy, forecasts. Pure."""
