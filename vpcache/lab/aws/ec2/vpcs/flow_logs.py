"""Flow logs: their creation and description.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.flow_logs import FlowLogs

from vpcache.lab.aws.ec2.pages_and_tokens import PagedResponse
from vpcache.lab.flows.fields import InvalidFormatError, UnknownFieldsError, fields_of
from vpcache.lab.topology import FlowLog

_DESTINATION_OPTIONS: dict[str, Any] = {
    "FileFormat": "plain-text",
    "HiveCompatiblePartitions": False,
    "PerHourPartition": False,
}
"""The options of flow logs to a bucket, unless a request has others."""


_ANY_FIELD = "${version}"
_RESOURCES = ("VPC", "Subnet", "NetworkInterface")
_DESTINATIONS = (None, "cloud-watch-logs", "s3")
_SUCCESS, _FAILED = "SUCCESS", "FAILED"
_ACCESS_ERROR = "Access error"


class RecordedFlowLog(FlowLogs):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A flow log whose records are delivered: it shows whether the last delivery succeeded."""

    def show_delivery(self, *, is_delivered: bool) -> None:
        """Set the status that DescribeFlowLogs shows."""
        self.deliver_logs_status = _SUCCESS if is_delivered else _FAILED
        self.deliver_logs_error_message = None if is_delivered else _ACCESS_ERROR

    def get_filter_value(self, filter_name: str, method_name: str | None = None) -> Any:
        """Return the value that a filter compares."""
        if filter_name == "deliver-log-status":
            return self.deliver_logs_status
        return super().get_filter_value(filter_name, method_name)


def flow_logs_of(backend: Any, vpc_id: str) -> tuple[FlowLog, ...]:
    """Return the flow logs of a VPC, its subnets and its interfaces, sorted by ID."""
    subnets = (each for zone in backend.subnets.values() for each in zone.values())
    resources = {each.id for each in (*subnets, *backend.enis.values()) if each.vpc_id == vpc_id} | {vpc_id}
    return tuple(
        FlowLog(
            each.id,
            each.resource_id,
            each.traffic_type,
            each.max_aggregation_interval,
            fields_of(each.log_format),
        )
        for _, each in sorted(backend.flow_logs.items())
        if each.resource_id in resources
    )


class FlowLogsResponse(PagedResponse):
    """The EC2 API of flow logs, with parameters and members that moto ignores."""

    def create_flow_logs(self) -> Any:
        """Answer CreateFlowLogs, with its destination options and a client token."""
        self._check_destination()
        self._check_records()
        is_bucket = self._get_param("LogDestinationType") == "s3"
        answer = super().create_flow_logs()
        options = (_DESTINATION_OPTIONS if is_bucket else {}) | self._get_param("DestinationOptions", {})
        for flow_log_id in answer.result["FlowLogIds"]:
            flow_log = self.ec2_backend.flow_logs[flow_log_id]
            flow_log.destination_options = options or None
            flow_log.__class__ = RecordedFlowLog  # moto names the class in its method
            flow_log.show_delivery(is_delivered=True)  # until the first delivery
        for each in answer.result["Unsuccessful"]:
            each["Error"]["Message"] = each["Error"]["Message"].rstrip(".")
        answer.result["ClientToken"] = self._get_param("ClientToken") or self._derived_token()
        return answer

    def _check_destination(self) -> None:
        destination, group = self._get_param("LogDestination"), self._get_param("LogGroupName")
        if destination and group:
            raise EC2ClientError(
                "InvalidParameter", "Please only provide LogGroupName or only provide LogDestination."
            )
        if destination and len(destination.split(":", 5)) < 6:
            raise EC2ClientError("InvalidParameter", f"LogDestination {destination} is not an ARN")

    def _check_records(self) -> None:
        """Raise NotImplementedError for what the lab cannot record, EC2ClientError for an invalid format."""
        refused = {
            "ResourceType": (self._get_param("ResourceType"), _RESOURCES),
            "LogDestinationType": (self._get_param("LogDestinationType"), _DESTINATIONS),
            "DestinationOptions.FileFormat": (
                self._get_param("DestinationOptions", {}).get("FileFormat"),
                (None, "plain-text"),
            ),
        }
        for name, (value, known) in refused.items():
            if value not in known:
                choices = " or ".join(filter(None, known))
                message = (
                    f"The {name} {value} of CreateFlowLogs is not emulated by the lab: only {choices} is."
                )
                raise NotImplementedError(message)
        record_format = self._get_param("LogFormat")
        try:
            fields_of(record_format or _ANY_FIELD)
        except UnknownFieldsError as error:
            raise NotImplementedError(
                f"The LogFormat of CreateFlowLogs has fields that are not emulated by the lab: {error}."
            ) from error
        except InvalidFormatError as error:
            message = (
                f"1 validation error detected: Value '{record_format}' at 'logFormat' has an invalid format"
            )
            raise EC2ClientError("InvalidParameter", message) from error

    def _derived_token(self) -> str:
        """Return the token of a request without one: the same for the same resources."""
        ids = "\n".join(self._get_param("ResourceIds", []))
        return base64.b64encode(hashlib.sha256(ids.encode()).digest()).decode()
