"""Charts: numbers in, shapes out, and shapes as SVG, for whichever page or paper they stand on."""
