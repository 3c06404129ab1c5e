"""What a run holds and reached, as facts, tables and pages."""
