"""Flows of packets between interfaces: what routers log, dropped flows, records of flow logs. Pure."""
