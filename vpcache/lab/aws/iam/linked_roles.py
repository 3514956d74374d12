"""Roles that are linked to a service: their names and policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

_ROLES: Mapping[str, tuple[str, str]] = {
    "accountdiscovery.ssm": ("AmazonSSM_AccountDiscovery", "AWSSystemsManagerAccountDiscoveryServicePolicy"),
    "acm": ("CertificateManager", "CertificateManagerServiceRolePolicy"),
    "appmesh": ("AppMesh", "AWSAppMeshServiceRolePolicy"),
    "autoscaling": ("AutoScaling", "AutoScalingServiceRolePolicy"),
    "autoscaling-plans": ("AutoScalingPlans_EC2AutoScaling", "AWSAutoScalingPlansEC2AutoScalingPolicy"),
    "backup": ("Backup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    "batch": ("Batch", "BatchServiceRolePolicy"),
    "cassandra.application-autoscaling": (
        "ApplicationAutoScaling_CassandraTable",
        "AWSApplicationAutoscalingCassandraTablePolicy",
    ),
    "cks.kms": (
        "KeyManagementServiceCustomKeyStores",
        "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy",
    ),
    "cloudtrail": ("CloudTrail", "CloudTrailServiceRolePolicy"),
    "codestar-notifications": ("CodeStarNotifications", "AWSCodeStarNotificationsServiceRolePolicy"),
    "config": ("Config", "AWSConfigServiceRolePolicy"),
    "connect": ("AmazonConnect", "AmazonConnectServiceLinkedRolePolicy"),
    "dms": ("DMSServerless", "AWSDMSServerlessServiceRolePolicy"),
    "dms-fleet-advisor": ("DMSFleetAdvisor", "AWSDMSFleetAdvisorServiceRolePolicy"),
    "docdb-elastic": ("DocDB-Elastic", "AmazonDocDB-ElasticServiceRolePolicy"),
    "dynamodb.application-autoscaling": (
        "ApplicationAutoScaling_DynamoDBTable",
        "AWSApplicationAutoscalingDynamoDBTablePolicy",
    ),
    "ec2-instance-connect": ("Ec2InstanceConnect", "Ec2InstanceConnectEndpoint"),
    "ec2.application-autoscaling": (
        "ApplicationAutoScaling_EC2SpotFleetRequest",
        "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy",
    ),
    "ecr": ("ECRTemplate", "ECRTemplateServiceRolePolicy"),
    "ecs": ("ECS", "AmazonECSServiceRolePolicy"),
    "ecs.application-autoscaling": (
        "ApplicationAutoScaling_ECSService",
        "AWSApplicationAutoscalingECSServicePolicy",
    ),
    "eks": ("AmazonEKS", "AmazonEKSServiceRolePolicy"),
    "eks-connector": ("AmazonEKSConnector", "AmazonEKSConnectorServiceRolePolicy"),
    "eks-fargate": ("AmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"),
    "eks-nodegroup": ("AmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    "elasticache": ("ElastiCache", "ElastiCacheServiceRolePolicy"),
    "elasticbeanstalk": ("ElasticBeanstalk", "AWSElasticBeanstalkServiceRolePolicy"),
    "elasticfilesystem": ("AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    "elasticloadbalancing": ("ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    "email.cognito-idp": ("AmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"),
    "emr-containers": ("AmazonEMRContainers", "AmazonEMRContainersServiceRolePolicy"),
    "emrwal": ("EMRWAL", "EMRDescribeClusterPolicyForEMRWAL"),
    "fis": ("FIS", "AmazonFISServiceRolePolicy"),
    "grafana": ("AmazonGrafana", "AmazonGrafanaServiceLinkedRolePolicy"),
    "guardduty": ("AmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    "imagebuilder": ("ImageBuilder", "AWSServiceRoleForImageBuilder"),
    "iotmanagedintegrations": ("IoTManagedIntegrations", "AWSIoTManagedIntegrationsRolePolicy"),
    "kafka": ("Kafka", "KafkaServiceRolePolicy"),
    "kafkaconnect": ("KafkaConnect", "KafkaConnectServiceRolePolicy"),
    "lakeformation": ("LakeFormationDataAccess", "LakeFormationDataAccessServiceRolePolicy"),
    "lambda.application-autoscaling": (
        "ApplicationAutoScaling_LambdaConcurrency",
        "AWSApplicationAutoscalingLambdaConcurrencyPolicy",
    ),
    "lexv2": ("LexV2Bots", "AmazonLexV2BotPolicy"),
    "lightsail": ("Lightsail", "LightsailExportAccess"),
    "m2": ("AWSM2", "AWSM2ServicePolicy"),
    "memorydb": ("MemoryDB", "MemoryDBServiceRolePolicy"),
    "mq": ("AmazonMQ", "AmazonMQServiceRolePolicy"),
    "mrk.kms": (
        "KeyManagementServiceMultiRegionKeys",
        "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
    ),
    "notifications": ("AwsUserNotifications", "AWSUserNotificationsServiceLinkedRolePolicy"),
    "observability.aoss": ("AmazonOpenSearchServerless", "AmazonOpenSearchServerlessServiceRolePolicy"),
    "opensearchservice": ("AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    "ops.apigateway": ("APIGateway", "APIGatewayServiceRolePolicy"),
    "ops.emr-serverless": ("AmazonEMRServerless", "AmazonEMRServerlessServiceRolePolicy"),
    "opsdatasync.ssm": ("SystemsManagerOpsDataSync", "AWSSystemsManagerOpsDataSyncServiceRolePolicy"),
    "opsinsights.ssm": ("AmazonSSM_OpsInsights", "AWSSSMOpsInsightsServiceRolePolicy"),
    "organizations": ("Organizations", "AWSOrganizationsServiceTrustPolicy"),
    "pullthroughcache.ecr": ("ECRPullThroughCache", "AWSECRPullThroughCache_ServiceRolePolicy"),
    "ram": ("ResourceAccessManager", "AWSResourceAccessManagerServiceRolePolicy"),
    "rds": ("RDS", "AmazonRDSServiceRolePolicy"),
    "redshift": ("Redshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    "replication.cassandra": ("KeyspacesReplication", "KeyspacesReplicationServiceRolePolicy"),
    "replication.ecr": ("ECRReplication", "ECRReplicationServiceRolePolicy"),
    "replicator.lambda": ("LambdaReplicator", "AWSLambdaReplicator"),
    "repository.sync.codeconnections": ("GitSync", "AWSGitSyncServiceRolePolicy"),
    "resource-explorer-2": ("ResourceExplorer", "AWSResourceExplorerServiceRolePolicy"),
    "rolesanywhere": ("RolesAnywhere", "AWSRolesAnywhereServicePolicy"),
    "s3-outposts": ("S3OnOutposts", "AWSS3OnOutpostsServiceRolePolicy"),
    "ses": ("AmazonSES", "AmazonSESServiceRolePolicy"),
    "shield": ("AWSShield", "AWSShieldServiceRolePolicy"),
    "spot": ("EC2Spot", "AWSEC2SpotServiceRolePolicy"),
    "ssm": ("AmazonSSM", "AmazonSSMServiceRolePolicy"),
    "ssm-incidents": ("IncidentManager", "AWSIncidentManagerServiceRolePolicy"),
    "ssm-quicksetup": ("SSMQuickSetup", "SSMQuickSetupRolePolicy"),
    "sso": ("SSO", "AWSSSOServiceRolePolicy"),
    "vpcorigin.cloudfront": ("CloudFrontVPCOrigin", "AWSCloudFrontVPCOriginServiceRolePolicy"),
    "waf": ("WAFLogging", "WAFLoggingServiceRolePolicy"),
    "wafv2": ("WAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
}
"""By service, without its domain: its role, without "AWSServiceRoleFor", and the role's policy."""
_DOMAIN = ".amazonaws.com"
_WITH_SUFFIX = frozenset(
    {"autoscaling", "connect", "lexv2"}
)  # services of which an account has several roles


@dataclass(frozen=True, slots=True)
class LinkedRole:
    """The role of a service."""

    name: str
    path: str
    policy_arn: str
    trust_policy: str


def linked_role(service: str, suffix: str | None) -> LinkedRole | None:
    """Return the role of a service such as "elasticache.amazonaws.com", None for an unknown service."""
    if service.removesuffix(_DOMAIN) not in _ROLES or not service.endswith(_DOMAIN):
        return None
    name, policy = _ROLES[service.removesuffix(_DOMAIN)]
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return LinkedRole(
        name=f"AWSServiceRoleFor{name}" + (f"_{suffix}" if suffix else ""),
        path=f"/aws-service-role/{service}/",
        policy_arn=f"arn:aws:iam::aws:policy/aws-service-role/{policy}",
        trust_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def takes_suffix(service: str) -> bool:
    """Return whether the roles of a service can have a custom suffix."""
    return service.removesuffix(_DOMAIN) in _WITH_SUFFIX
