"""The reductions of the data of moto and botocore, together."""

from __future__ import annotations

from vpcache.lab.aws.loading.endpoints import use_table_of_endpoints
from vpcache.lab.aws.loading.instance_types import skip_instance_types
from vpcache.lab.aws.loading.managed_policies import skip_managed_policies
from vpcache.lab.aws.loading.service_models import skip_documentation


def reduce_data() -> None:
    """Reduce what moto and botocore read, for the whole process. Call it before another import of moto."""
    skip_documentation()
    use_table_of_endpoints()
    skip_managed_policies()
    skip_instance_types()
