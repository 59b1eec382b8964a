"""Price plans as data, what a month costs under one, and the budget. Pure, but `loader` reads files."""
