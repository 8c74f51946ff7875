"""The report of a simulation that goes to a board: one page, and one workbook. Pure: bytes out, no clock."""
