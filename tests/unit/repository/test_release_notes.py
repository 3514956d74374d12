"""A release is refused unless tag, version and dated changelog agree."""

import pytest

from tools.release_notes import notes

CHANGELOG = "# Changelog\n\n## 1.1.0 - 2026-11-25\n\n### Added\n\n- A.\n\n## 1.0.0 - 2026-10-01\n\n- B.\n"


def test_notes_are_the_section_of_the_version():
    assert notes("v1.1.0", "1.1.0", CHANGELOG) == "### Added\n\n- A.\n"


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "message"),
    [
        ("v1.0.0", "1.1.0", CHANGELOG, "tag v1.1.0"),
        ("v1.2.0", "1.2.0", CHANGELOG, "no section '## 1.2.0 - YYYY-MM-DD'"),
        ("v1.1.0", "1.1.0", "## 1.1.0\n\n- A.\n", "date the release"),
    ],
)
def test_disagreement_is_refused(tag, version, changelog, message):
    with pytest.raises(ValueError, match=message):
        notes(tag, version, changelog)
