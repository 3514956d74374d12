"""Delivers the records of flow logs to CloudWatch Logs, by their roles, and to S3.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.logs.models import logs_backends
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.authorization.usage import Usage
from vpcache.lab.aws.awslambda.invocation.logs import delete_oldest
from vpcache.lab.aws.ec2 import backend as ec2
from vpcache.lab.aws.flow_logs.log_files import Partitions, content_of, key_of
from vpcache.lab.flows.records import Record, stream_of
from vpcache.lab.topology import FlowLog

_SERVICE = "vpc-flow-logs.amazonaws.com"
_S3_MINUTES = 5  # between two files of a flow log
_PARTITION = "aws"


@dataclass
class _Batch:
    """Records that wait for the next file."""

    texts: list[str] = field(default_factory=list)
    minutes: int = 0


class FlowLogDelivery:
    """Delivers records, and shows in DescribeFlowLogs whether it could. Not for concurrent use."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._batches: dict[str, _Batch] = {}

    def deliver(self, region: str, flow_log: FlowLog, records: Sequence[Record], minutes: int) -> None:
        """Deliver the records of the last minutes; S3 gets them in files of at least five minutes."""
        model = ec2.ec2_of(ACCOUNT, region).flow_logs.get(flow_log.id)
        if model is None:  # deleted in the meantime
            self._batches.pop(flow_log.id, None)
        elif model.log_destination_type == "s3":
            batch = self._batches.setdefault(flow_log.id, _Batch())
            batch.texts.extend(record.text for record in records)
            batch.minutes += minutes
            if batch.minutes >= _S3_MINUTES:
                del self._batches[flow_log.id]
                model.show_delivery(is_delivered=_write_file(region, flow_log, model, batch.texts))
        else:
            model.show_delivery(is_delivered=self._log(region, flow_log, model, records))

    def _log(self, region: str, flow_log: FlowLog, model: Any, records: Sequence[Record]) -> bool:
        """Append records to the streams of their interfaces. Returns whether the role allows all that."""
        group = model.log_group_name or model.log_destination.split(":")[6]
        logs = logs_backends[ACCOUNT][region]
        events: dict[str, list[dict[str, Any]]] = {}
        for record in records:
            event = {"timestamp": record.start * 1000, "message": record.text}
            events.setdefault(stream_of(flow_log, record.interface_id), []).append(event)
        known = logs.groups[group].streams if group in logs.groups else {}
        missing = [
            *([] if group in logs.groups else ["logs:CreateLogGroup"]),
            *(["logs:CreateLogStream"] if events.keys() - known.keys() else []),
        ]
        if not self._may_log(region, model, group, *missing, "logs:PutLogEvents"):
            return False
        logs.ensure_log_group(group)
        for stream, messages in events.items():
            logs.ensure_log_stream(group, stream)
            logs.put_log_events(group, stream, messages)
        delete_oldest(logs.groups[group].streams)
        return True

    def _may_log(self, region: str, model: Any, group: str, *actions: str) -> bool:
        """Return whether the service may assume the flow log's role, and whether this allows the actions.

        https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
        """
        # imported late: that takes 0.15 s
        from vpcache.lab.aws.authorization.execution_roles import PolicyRoles
        from vpcache.lab.aws.policies.principals import Principal

        roles, role = PolicyRoles(self._usage), model.deliver_logs_permission_arn
        context = {
            "aws:sourceaccount": (ACCOUNT,),
            "aws:sourcearn": (f"arn:{_PARTITION}:ec2:{region}:{ACCOUNT}:vpc-flow-log/{model.id}",),
        }
        parameters = {"logGroupName": group, "logStreamName": "*"}
        return roles.can_be_assumed(role, Principal(_SERVICE, "", is_service=True), context) and all(
            roles.allows(role, region, action, parameters) for action in actions
        )


def _write_file(region: str, flow_log: FlowLog, model: Any, texts: list[str]) -> bool:
    """Write a file to the flow log's bucket. Returns whether the bucket exists."""
    bucket, _, folder = model.log_destination.split(":::")[1].partition("/")
    options = model.destination_options
    partitions = Partitions(
        ACCOUNT,
        region,
        prefix=f"{folder.rstrip('/')}/" if folder else "",
        is_hive_compatible=options["HiveCompatiblePartitions"] in (True, "true"),
        is_hourly=options["PerHourPartition"] in (True, "true"),
    )
    content = content_of(flow_log.fields, texts)
    key = key_of(flow_log.id, partitions, datetime.now(UTC), content)
    try:
        s3_backends[ACCOUNT][_PARTITION].put_object(bucket, key, content)
    except MissingBucket:
        return False
    return True
