"""The line of a setting, whatever the way it is written."""

import tomllib

import pytest

from dolibarr_loyalty.config.lines import key_lines, line_of

TEXT = '''\
top = 1
[a]  # a comment
b = "x # y"
"c.d" = """
[not.a.table]
e = 1
"""
f = [
  1, # ]
  [2, "]"],
]
g.h = { i = "}", j = [1] }
[[list]]
k = 1
[list.inner]
m = 1
[[list]]
k = 2
[list.inner]
m = 2
[[list.more]]
n = \'\'\'it\'s "\'\'\'
'o' = "quote \\" [ "
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 1),
        (("a",), 2),
        (("a", "b"), 3),
        (("a", "c.d"), 4),
        (("a", "e"), 2),
        (("a", "f"), 8),
        (("a", "f", 1, 0), 8),
        (("a", "g", "h"), 12),
        (("a", "g", "h", "i"), 12),
        (("list", 0, "k"), 14),
        (("list", 0, "inner", "m"), 16),
        (("list", 1), 17),
        (("list", 1, "k"), 18),
        (("list", 1, "inner", "m"), 20),
        (("list", 1, "more", 0, "n"), 22),
        (("list", 1, "more", 0, "o"), 23),
        (("nowhere", "at", "all"), None),
    ],
)
def test_the_line_of_a_place(place: tuple[str | int, ...], line: int | None) -> None:
    tomllib.loads(TEXT)
    assert line_of(place, key_lines(TEXT)) == line
