"""Networks that others describe: populations, projections and their connections, as read from a file."""
