"""The width of text, estimated without a font. Pure."""

from __future__ import annotations

# in hundredths of the font size, of DejaVu Sans: the widest of the common fallback fonts of browsers
_WIDTHS = {"ijl.,:;|!'I": 30, "tfr()[]/ -": 38, "mwMW@%": 96, "0123456789": 64}
_CAPITAL, _OTHER, _BOLD = 72, 61, 1.12


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the approximate width of `text` in pixels, in the widest common font."""
    hundredths = sum(_width(char) for char in text)
    return hundredths / 100 * size * (_BOLD if bold else 1)


def _width(char: str) -> int:
    known = (width for chars, width in _WIDTHS.items() if char in chars)
    return next(known, _CAPITAL if char.isupper() else _OTHER)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Return the text in lines of at most `width`, broken between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def pill_width(text: str, size: float, has_mark: bool) -> float:
    """Return the width of a pill around bold text, with room for a mark if it has one."""
    return text_width(text, size, bold=True) + (40 if has_mark else 22)
