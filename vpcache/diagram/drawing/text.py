"""How wide text will be, without asking a font. Pure."""

from __future__ import annotations

# in hundredths of the font's size, as in DejaVu Sans: the widest of the fonts that browsers fall back on
_WIDTHS = {"ijl.,:;|!'I": 30, "tfr()[]/ -": 38, "mwMW@%": 96, "0123456789": 64}
_CAPITAL, _OTHER, _BOLD = 72, 61, 1.12


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide `text` is in pixels, in the widest font that it may be shown in."""
    hundredths = sum(_width(char) for char in text)
    return hundredths / 100 * size * (_BOLD if bold else 1)


def _width(char: str) -> int:
    known = (width for chars, width in _WIDTHS.items() if char in chars)
    return next(known, _CAPITAL if char.isupper() else _OTHER)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Return the text in lines that are not wider than `width`, broken between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def pill_width(text: str, size: float, has_mark: bool) -> float:
    """Return how wide a pill around bold text must be, with room for a mark before it if it has one."""
    return text_width(text, size, bold=True) + (40 if has_mark else 22)
