"""Where the folders of plain files are: SQL, catalogues, templates.

In a wheel they lie inside the package, in a checkout and an editable install beside it. importlib.resources
finds only the first kind, so this looks itself.
"""

from functools import cache
from pathlib import Path
from typing import Literal

Folder = Literal["sql", "lang", "templates"]

_PACKAGE = Path(__file__).resolve().parent


@cache
def folder(name: Folder) -> Path:
    """The folder of this name, whichever way the package was installed.

    Raises FileNotFoundError, naming both places, when the installation is not complete.
    """
    places = (_PACKAGE / name, _PACKAGE.parent / name)
    for place in places:
        if place.is_dir():
            return place
    tried = " and ".join(str(place) for place in places)
    raise FileNotFoundError(f"The folder {name!r} is missing; looked at {tried}. Install the package again.")
