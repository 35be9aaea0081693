"""The Jinja2 environment of the mails: everything is escaped, nothing undefined passes."""

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.resources import folder


@cache
def environment() -> Environment:
    """The environment over `templates/`: .html is escaped, .txt is plain."""
    environment = Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["safe_url"] = safe_url
    return environment


def spoken_in_html(words: Words) -> dict[str, Any]:
    """What a template needs to speak: `words`, and gettext and ngettext that escape their facts."""
    catalogue = words.catalogue

    def gettext(message: str, /, **facts: object) -> Markup:
        return Markup(catalogue.gettext(message)) % facts  # noqa: S704 - the catalogue is ours

    def ngettext(singular: str, plural: str, number: int, /, **facts: object) -> Markup:
        return Markup(catalogue.ngettext(singular, plural, number)) % facts  # noqa: S704 - as above

    return {"words": words, "gettext": gettext, "ngettext": ngettext}


def spoken_in_text(words: Words) -> dict[str, Any]:
    """The same for plain text such as subjects."""
    gettext: Callable[..., str] = words.gettext
    return {"words": words, "gettext": gettext, "ngettext": words.ngettext}


def safe_url(url: str) -> str:
    """The address when it is one of the web or of mail, without white space or quotes; else empty."""
    if not url.startswith(("https://", "http://", "mailto:")):
        return ""
    return url if not any(sign.isspace() or sign in "<>\"'" or ord(sign) < 33 for sign in url) else ""
