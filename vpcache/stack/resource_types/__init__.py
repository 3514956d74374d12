"""The types of the resources of a stack, in the order in which they can be deleted."""

from vpcache.stack.resource_types import api, cache, ec2, named, serverless_cache
from vpcache.stack.resource_types.resource_type import (
    REGION_TAG,
    STACK_TAG,
    FoundResource,
    Notify,
    ResourceType,
    Search,
    is_gone,
    pages,
)

__all__ = [
    "REGION_TAG",
    "RESOURCE_TYPES",
    "STACK_TAG",
    "FoundResource",
    "Notify",
    "ResourceType",
    "Search",
    "is_gone",
    "pages",
]

# a resource is deleted before those that it uses; Lambda needs a function's role to release its interfaces
RESOURCE_TYPES = (
    named.RULE,
    named.ALARM,
    named.TOPIC,
    api.HTTP_API,
    named.API_LOG_GROUP,
    named.FUNCTION,
    named.LOG_GROUP,
    ec2.FLOW_LOG,
    named.FLOW_LOG_GROUP,
    cache.CLUSTER,
    serverless_cache.SERVERLESS_CACHE,
    cache.SUBNET_GROUP,
    cache.PARAMETER_GROUP,
    ec2.ENDPOINT,
    ec2.NAT_GATEWAY,
    ec2.ELASTIC_IP,
    ec2.FUNCTION_INTERFACE,
    ec2.INTERFACE,
    ec2.SECURITY_GROUP,
    ec2.SUBNET,
    ec2.NETWORK_ACL,
    ec2.ROUTE_TABLE,
    ec2.INTERNET_GATEWAY,
    ec2.VPC,
    named.ROLE,
)
