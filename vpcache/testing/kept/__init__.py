"""Stacks that are kept between test runs: their records, and what a run may reuse of them."""
