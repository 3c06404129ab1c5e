"""The report as one page that opens offline: a map, bars, tables and figures, laid out by a template."""
