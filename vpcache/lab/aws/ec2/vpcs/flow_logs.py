"""Flow logs: records, as the lab writes no flow log records.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from moto.ec2.exceptions import EC2ClientError

from vpcache.lab.aws.ec2.pages_and_tokens import PagedResponse

_DESTINATION_OPTIONS: dict[str, Any] = {
    "FileFormat": "plain-text",
    "HiveCompatiblePartitions": False,
    "PerHourPartition": False,
}
"""The options of flow logs to a bucket, unless a request has others."""


class FlowLogsResponse(PagedResponse):
    """The EC2 API of flow logs, with parameters and members that moto ignores."""

    def create_flow_logs(self) -> Any:
        """Answer CreateFlowLogs, with its destination options and a client token."""
        self._check_destination()
        is_bucket = self._get_param("LogDestinationType") == "s3"
        answer = super().create_flow_logs()
        options = (_DESTINATION_OPTIONS if is_bucket else {}) | self._get_param("DestinationOptions", {})
        for flow_log_id in answer.result["FlowLogIds"]:
            self.ec2_backend.flow_logs[flow_log_id].destination_options = options or None
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

    def _derived_token(self) -> str:
        """Return the token of a request without one: the same for the same resources."""
        ids = "\n".join(self._get_param("ResourceIds", []))
        return base64.b64encode(hashlib.sha256(ids.encode()).digest()).decode()
