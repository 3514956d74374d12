"""The zones that a user chooses for a new environment. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vpcache.errors import VpcacheError


def chosen_letters(text: str, region: str, region_letters: Sequence[str]) -> tuple[str, ...]:
    """Return the letters of the zones in --zones, which has letters or full names, in the order of letters.

    Raises VpcacheError if it is empty, or if a zone is repeated or not one of the region's.
    """
    names = [name.strip() for name in text.split(",")]
    letters = [name.removeprefix(region) if name != region else name for name in names]
    for name, letter in zip(names, letters, strict=True):
        if letter not in region_letters:
            raise VpcacheError(
                f"--zones has '{name}', which is not a zone of {region}: "
                f"choose from {', '.join(region_letters)}"
            )
    if repeated := sorted({letter for letter in letters if letters.count(letter) > 1}):
        raise VpcacheError(f"--zones is '{text}', which repeats {', '.join(repeated)}: name each zone once")
    return tuple(sorted(letters))
