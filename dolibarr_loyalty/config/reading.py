"""Reading tables one by one: what could be read, and every mistake with its place."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dolibarr_loyalty.config.lines import Place
from dolibarr_loyalty.config.mistakes import Mistakes, unknown
from dolibarr_loyalty.config.secret import Surroundings

Table = TypeVar("Table")


class Reader:
    """Reads tables one by one, so that a mistake in one hides none in another."""

    def __init__(self, around: Surroundings, mistakes: Mistakes) -> None:
        self.around, self.mistakes = around, mistakes

    def refuse_unknown(self, data: Mapping[str, Any], known: tuple[str, ...], place: Place) -> None:
        for name in data:
            if name not in known:
                self.mistakes.add((*place, name), *unknown(name, known))

    def table(self, schema: type[Table], data: Any, place: Place) -> Table | None:
        """The table's settings, or None when something was wrong and has been noted."""
        try:
            return TypeAdapter(schema).validate_python(data, context=self.around)
        except ValidationError as error:
            self.mistakes.add_all(schema, place, error)
            return None

    def tables(self, schema: type[Table], data: Any, place: Place) -> list[tuple[Place, Table]]:
        """Those of a list of tables that could be read."""
        if not isinstance(data, list):
            self.mistakes.add(place, "is not a list of tables.", f"Write [[{'.'.join(map(str, place))}]].")
            return []
        read = (
            ((*place, number), self.table(schema, item, (*place, number))) for number, item in enumerate(data)
        )
        return [(where, table) for where, table in read if table is not None]
