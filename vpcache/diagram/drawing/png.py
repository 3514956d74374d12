"""SVG to PNG, by resvg with a bundled font: the same image on every machine, with or without fonts."""

from __future__ import annotations

from vpcache.errors import VpcacheError

_SCALE = 2  # pixels of the PNG for one of the SVG


def png(svg: str) -> bytes:
    """Return an SVG document as PNG, in its light colours.

    Raises VpcacheError if the extra `png` is not installed.
    """
    try:
        import font_roboto
        import resvg_py
    except ImportError as error:
        raise VpcacheError(
            f"a PNG requires {error.name}: install it with `pip install 'vpcache[png]'`, or use --svg alone"
        ) from error
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=_SCALE,
            font_files=[font_roboto.Roboto, font_roboto.RobotoBold],
            skip_system_fonts=True,
            sans_serif_family="Roboto",
        )
    )
