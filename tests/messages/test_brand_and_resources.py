import pytest

from dolibarr_loyalty import resources
from dolibarr_loyalty.errors import ConfigurationError
from tests.messages.builders import a_brand, a_logo


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "#12345g", "", '#12345";x', "#1f5a6b\n"])
def test_a_colour_that_is_none_is_refused(colour):
    with pytest.raises(ConfigurationError, match="#1f5a6b"):
        a_brand(colour=colour)


@pytest.mark.parametrize(
    "logo",
    [b"", b"<svg/>", a_logo()[:100], b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(50)],
    ids=["empty", "SVG", "cut off", "only the start", "GIF"],
)
def test_a_logo_that_cannot_be_read_is_refused_before_any_mail(logo):
    with pytest.raises(ConfigurationError, match="PNG or JPEG"):
        a_brand(logo=logo)


def test_a_logo_too_large_for_mails_is_refused():
    with pytest.raises(ConfigurationError, match="smaller"):
        a_brand(logo=a_logo() + bytes(300_000))


def test_the_logo_is_not_shown_in_a_repr():
    assert "PNG" not in repr(a_brand(logo=a_logo()))


@pytest.mark.parametrize("name", ["lang", "templates", "sql"])
def test_the_folders_are_found_in_a_checkout(name):
    assert resources.folder(name).is_dir()


def test_a_folder_inside_the_package_wins_as_in_a_wheel(tmp_path, monkeypatch):
    package = tmp_path / "dolibarr_loyalty"
    for place in (package / "lang", tmp_path / "lang", tmp_path / "sql"):
        place.mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    resources.folder.cache_clear()
    assert resources.folder("lang") == package / "lang"
    assert resources.folder("sql") == tmp_path / "sql"
    with pytest.raises(FileNotFoundError, match="templates"):
        resources.folder("templates")
    resources.folder.cache_clear()
