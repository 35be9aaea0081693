"""Marks messages that stand in tables, so that they are found for the catalogues and translated later."""


def N_(message: str) -> str:  # noqa: N802 - the name gettext's tools look for
    """The message itself, marked for translation."""
    return message
