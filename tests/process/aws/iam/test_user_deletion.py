"""What clients ask before they delete a user."""

from __future__ import annotations

from tests.support.served.region import Region, api_error


def test_user_has_no_service_specific_credentials(region: Region) -> None:
    iam = region.client("iam")
    iam.create_user(UserName="one")
    assert iam.list_service_specific_credentials(UserName="one")["ServiceSpecificCredentials"] == []
    assert api_error(iam.list_service_specific_credentials, UserName="two").code == "NoSuchEntity"
