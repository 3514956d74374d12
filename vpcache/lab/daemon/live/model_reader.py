"""Reads what the page shows of the control plane beyond the topology, from moto's backends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.awslambda.models import lambda_backends

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.aws.ec2.backend import ec2_of_all_regions
from vpcache.lab.aws.ec2.endpoints import service_of
from vpcache.lab.daemon.live.model import ElasticIpEntry, FunctionEntry, Model


def read_model() -> Model:
    """Return the entries of the lab's account. The model must not change during the call."""
    backends = ec2_of_all_regions(ACCOUNT)
    return Model(
        tags={id_: dict(tags) for backend in backends for id_, tags in backend.tags.items()},
        group_names={
            group.id: group.name
            for backend in backends
            for groups in backend.groups.values()
            for group in groups.values()
        },
        endpoint_services={
            each.id: service_of(each.service_name)
            for backend in backends
            for each in backend.vpc_end_points.values()
        },
        functions=tuple(sorted(_functions(), key=lambda each: (each.region, each.name))),
        elastic_ips=tuple(
            _elastic_ip(backend.region_name, each) for backend in backends for each in backend.addresses
        ),
        url_functions={
            config.hostname: function.latest.function_name
            for region in list(lambda_backends[ACCOUNT])
            for function in lambda_of(ACCOUNT, region).functions
            for config in list(function.url_configs.values())
        },
    )


def _functions() -> Iterator[FunctionEntry]:
    for region in list(lambda_backends[ACCOUNT]):
        functions = lambda_of(ACCOUNT, region)
        interfaces = dict(functions.interfaces_by_function())
        for each in functions.functions:
            latest = each.latest
            yield FunctionEntry(
                each.arn,
                latest.function_name,
                region,
                latest.run_time or "",
                interfaces[latest.function_name],
                dict(latest.tags or {}),
            )


def _elastic_ip(region: str, address: Any) -> ElasticIpEntry:
    interface = address.eni.id if address.eni else None
    return ElasticIpEntry(address.public_ip, address.allocation_id, region, interface)
