"""The shop's face: its name, colour, logo, address and how it speaks to its members."""

import re
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.locales import Address, PointNames, UnitNames, Words, words

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LARGEST_LOGO = 300_000  # bytes; it travels with every mail
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, kw_only=True)
class Brand:
    """How a shop appears in its mails and vouchers. `legal` are the lines of the footer (address, register).

    `colour` is written #rrggbb, `logo` holds a PNG or JPEG. Raises ConfigurationError on anything else.
    """

    shop_name: str
    colour: str = "#1f5a6b"
    logo: bytes | None = field(default=None, repr=False)
    website: str = ""
    legal: tuple[str, ...] = ()
    address: Address = "formal"
    currency: str = "EUR"
    zone: str = "Europe/Paris"
    point_names: PointNames = field(default_factory=dict, hash=False)
    unit_names: UnitNames = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not _COLOUR.fullmatch(self.colour):
            raise ConfigurationError(f"The brand colour {self.colour!r} is not one. Write it as #1f5a6b.")
        if self.logo is not None:
            self._check_logo(self.logo)

    def words(self, locale: str) -> Words:
        """How this shop speaks to somebody of this locale."""
        return words(
            locale,
            self.address,
            currency=self.currency,
            zone=self.zone,
            point_names=self.point_names,
            unit_names=self.unit_names,
        )

    def _check_logo(self, logo: bytes) -> None:
        if len(logo) > _LARGEST_LOGO:
            raise ConfigurationError(f"The logo has {len(logo)} bytes. Make it smaller than {_LARGEST_LOGO}.")
        try:
            with Image.open(BytesIO(logo), formats=("PNG", "JPEG")) as picture:
                picture.load()
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as failure:
            raise ConfigurationError(
                "The logo is no readable PNG or JPEG. Save it again as one."
            ) from failure

    @property
    def logo_type(self) -> str | None:
        """The media type of the logo, told by its first bytes."""
        logo = self.logo or b""
        return next((kind for start, kind in _PICTURES.items() if logo.startswith(start)), None)

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour as red, green, blue."""
        return int(self.colour[1:3], 16), int(self.colour[3:5], 16), int(self.colour[5:7], 16)

    @property
    def ink(self) -> str:
        """The colour of writing on the brand colour: white or near-black, whichever reads better (WCAG)."""
        return (
            "#ffffff"
            if contrast(self.rgb, (255, 255, 255)) >= contrast(self.rgb, (28, 28, 30))
            else "#1c1c1e"
        )


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The contrast of two colours by WCAG 2: 1 for the same, 21 for black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(rgb: tuple[int, int, int]) -> float:
    shares = [part / 255 for part in rgb]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
