"""The hall, where both wings meet: a job is planned, trained and kept in a run folder."""
