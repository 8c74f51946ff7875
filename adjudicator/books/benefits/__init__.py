"""Cash transfers and vouchers in the books: lists, approvals, what was handed over and what came of it."""
