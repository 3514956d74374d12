"""CIDR blocks of a new environment: no overlap, and room for six zones."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpcache.environments.address_plan import (
    MAX_PREFIX,
    MAX_ZONES,
    MIN_PREFIX,
    address_plan,
    chosen_block,
    divided,
    free_block,
    overlapping,
    usable,
)
from vpcache.errors import VpcacheError

LETTERS = "abcdef"
DEV, PROD = IPv4Network("10.0.0.0/24"), IPv4Network("10.1.0.0/22")
TAKEN = {"dev": [DEV], "prod": [PROD]}


def blocks(min_prefix: int, max_prefix: int) -> st.SearchStrategy[IPv4Network]:
    """Blocks in 10.0.0.0/8 with a prefix in a range."""

    def block(offset: int, prefix: int) -> IPv4Network:
        return IPv4Network((IPv4Address("10.0.0.0") + offset, prefix), strict=False)

    return st.builds(block, st.integers(0, 2**24 - 1), st.integers(min_prefix, max_prefix))


vpcs = blocks(MIN_PREFIX, MAX_PREFIX)
environments = st.dictionaries(st.text("abc", min_size=1), st.lists(blocks(16, 28), max_size=3), max_size=20)


@given(vpcs)
def test_six_zones_have_room_and_do_not_overlap(vpc: IPv4Network) -> None:
    zones = divided(vpc)
    subnets = [subnet for zone in zones for subnet in (zone.public, zone.private, zone.isolated)]
    assert len(zones) == MAX_ZONES
    assert all(subnet.subnet_of(vpc) and 16 <= subnet.prefixlen <= 28 for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(vpcs, st.sets(st.sampled_from(LETTERS), min_size=1), st.sampled_from(LETTERS))
def test_added_zone_leaves_the_others_unchanged(vpc: IPv4Network, letters: set[str], added: str) -> None:
    before = address_plan(vpc, letters, LETTERS)
    after = address_plan(vpc, letters | {added}, LETTERS)
    assert {letter: after.zones[letter] for letter in letters} == before.zones
    assert before.zones.keys() | before.spare.keys() == set(LETTERS)
    assert after.zones[added] == {**before.zones, **before.spare}[added]


@given(environments)
def test_free_block_is_alone_in_its_16(taken: dict[str, list[IPv4Network]]) -> None:
    block = free_block(taken)
    assert overlapping(block.supernet(new_prefix=16), taken) is None
    assert chosen_block(str(block), taken) == chosen_block("", taken) == block


@given(environments, vpcs)
def test_chosen_block_is_refused_if_it_overlaps(
    taken: dict[str, list[IPv4Network]], block: IPv4Network
) -> None:
    overlaps = any(block.overlaps(other) for others in taken.values() for other in others)
    proposal = f"use {free_block(taken)}"
    assert refusal(str(block), taken).endswith(proposal if overlaps else "accepted")


@given(st.text(max_size=20))
def test_any_text_is_a_block_or_one_line(text: str) -> None:
    assert refusal(text, TAKEN)


def refusal(text: str, taken: dict[str, list[IPv4Network]]) -> str:
    """Return why a block is refused, or `accepted`."""
    try:
        chosen_block(text, taken)
    except VpcacheError as error:
        return str(error)
    return "accepted"


def test_default_size_is_a_20() -> None:
    block = free_block(TAKEN)
    assert block == IPv4Network("10.2.0.0/20")
    first = divided(block)[0]
    assert (usable(first.public), usable(first.private), usable(first.isolated)) == (59, 507, 59)


def test_no_free_block_is_an_error() -> None:
    with pytest.raises(VpcacheError, match="choose a free block with --cidr"):
        free_block({"all": [IPv4Network("10.0.0.0/8")]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10.0.0.0/22", "overlaps 10.0.0.0/24 of environment dev"),
        ("10.1.0.0/20", "overlaps 10.1.0.0/22 of environment prod"),
        ("10.9.0.0/23", "is too small for the subnets of 6 zones: must have a prefix of /16 to /22"),
        ("10.0.0.0/15", "is too large for a VPC: must have a prefix of /16 to /22"),
        ("8.8.0.0/20", "is public: must be in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10"),
        ("10.9.0.0", "is not an IPv4 CIDR block"),
        ("2001:db8::/64", "is not an IPv4 CIDR block"),
        ("-1", "is not an IPv4 CIDR block"),
    ],
)
def test_unusable_block_gets_a_proposal(text: str, problem: str) -> None:
    with pytest.raises(VpcacheError) as raised:
        chosen_block(text, TAKEN)
    assert (
        str(raised.value) == f"--cidr is '{text}', which {problem}{_REASONS.get(text, '')}; use 10.2.0.0/20"
    )


_REASONS = dict.fromkeys(("10.0.0.0/22", "10.1.0.0/20"), ", so the two could not be peered")


def test_address_inside_a_block_gets_the_block() -> None:
    with pytest.raises(VpcacheError, match=r"must be a network with its prefix; use 10\.9\.0\.0/20"):
        chosen_block("10.9.3.7/20", TAKEN)


def test_region_of_seven_zones_is_refused() -> None:
    with pytest.raises(VpcacheError, match="has 7 zones"):
        address_plan(IPv4Network("10.2.0.0/20"), "a", "abcdefg")
