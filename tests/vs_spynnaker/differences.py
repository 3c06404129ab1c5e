"""Tell two JSON documents apart, field by field."""


def differences(ours, theirs, field=""):
    """Yield (field, our value, the tool chain's value) wherever the two differ; a field that one lacks is ABSENT."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**ours, **theirs}:
            name = f"{field}.{key}" if field else str(key)
            yield from differences(ours.get(key, ABSENT), theirs.get(key, ABSENT), name)
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            yield f"{field} (length)", len(ours), len(theirs)
        for k, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(mine, other, f"{field}[{k}]")
    elif ours != theirs:
        yield field, ours, theirs


class Absent:
    """What a document lacks."""

    def __repr__(self):
        return "(absent)"


ABSENT = Absent()
