"""Environment variables of the user's shell that are passed to Terraform, its AWS provider and boto3. Pure.

A variable with one of their prefixes is passed only if it is listed here: variables such as TF_WORKSPACE or
TF_AWS_DEFAULT_TAGS_Owner would change the effect of a command without a trace in its arguments or its output.

- Terraform: https://developer.hashicorp.com/terraform/cli/config/environment-variables
- AWS provider: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#environment-variables
- boto3: https://docs.aws.amazon.com/boto3/latest/guide/configuration.html#using-environment-variables
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from vpcache.terraform.provider.attached import PROVIDER_ADDRESSES

PREFIXES = ("AWS_", "BOTO_", "BOTOCORE_", "TF_", "TERRAFORM_")

TERRAFORM_VARIABLES = frozenset(
    {
        # locations of Terraform's settings, providers and registry credentials
        "TF_CLI_CONFIG_FILE",
        "TF_PLUGIN_CACHE_DIR",
        "TF_PLUGIN_MIRROR",  # specific to vpcache: a folder with the provider
        "TF_PROVIDER_DOWNLOAD_RETRY",
        "TF_REGISTRY_CLIENT_TIMEOUT",
        "TF_REGISTRY_DISCOVERY_RETRY",
        # debug log
        "TF_LOG",
        "TF_LOG_CORE",
        "TF_LOG_PATH",
        "TF_LOG_PROVIDER",
    }
)
TERRAFORM_PREFIXES = ("TF_TOKEN_",)

AWS_VARIABLES = frozenset(
    {
        # credentials
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "AWS_EC2_METADATA_V1_DISABLED",
        "AWS_LOGIN_CACHE_DIRECTORY",
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
        "AWS_METADATA_SERVICE_TIMEOUT",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        # endpoints
        "AWS_CA_BUNDLE",
        "AWS_ENDPOINT_URL",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
    }
)
AWS_PREFIXES = ("AWS_ENDPOINT_URL_",)

_GARBAGE_COLLECTION = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""Go's garbage collector in Terraform and in its provider, unless the user's shell has other values.

Both hold the schemas of 1,500 resource types, which each collection reads again. With these values a plan of
envs/dev takes 3.2 s of processor time instead of 4.2 s, and 4 % more memory. When a process approaches the
limit, its memory is collected more often: https://go.dev/doc/gc-guide#Memory_limit
"""


def lab_environment(environ: Mapping[str, str], endpoint: str, region: str) -> dict[str, str]:
    """Return the environment for a lab at `endpoint`, without the user's AWS settings."""
    passed = {
        key: value for key, value in environ.items() if _passes(key, TERRAFORM_VARIABLES, TERRAFORM_PREFIXES)
    }
    return passed | {
        "AWS_ACCESS_KEY_ID": "lab",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_MAX_ATTEMPTS": "3",  # by default the provider makes 25 attempts, which takes minutes
        "AWS_REGION": region,
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }


def aws_environment(environ: Mapping[str, str], region: str) -> dict[str, str]:
    """Return the environment for AWS: the user's credentials and endpoints, in `region`.

    The profile is AWS_PROFILE, else AWS_DEFAULT_PROFILE. If both are set, Terraform uses the first and
    botocore the second, so they could work in two accounts.
    """
    passed = {
        key: value
        for key, value in environ.items()
        if _passes(key, TERRAFORM_VARIABLES | AWS_VARIABLES, TERRAFORM_PREFIXES + AWS_PREFIXES)
    }
    profile = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    return passed | ({"AWS_PROFILE": profile} if profile else {}) | {"AWS_REGION": region}


def terraform_environment(environ: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """Return the environment of a Terraform process with its data in `data_dir`, from `environ`.

    `environ` is a target's, which has no variable of the shell that is not listed above. It may have the
    address of an attached provider.

    The debug log that TF_LOG enables is written to TF_LOG_PATH, by default `data_dir`/terraform.log. On
    stderr it would hide the reason of a failure.
    """
    environment = {
        key: value
        for key, value in environ.items()
        if _passes(key, TERRAFORM_VARIABLES | {PROVIDER_ADDRESSES}, (*TERRAFORM_PREFIXES, "AWS_"))
    }
    if not os.access(environment.get("TF_CLI_CONFIG_FILE", os.devnull), os.R_OK):
        del environment["TF_CLI_CONFIG_FILE"]
    if any(environment.get(name) for name in ("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER")):
        log = environment.get("TF_LOG_PATH") or data_dir / "terraform.log"
        environment["TF_LOG_PATH"] = str(Path(log).absolute())  # Terraform's working directory differs
    own = {"TF_DATA_DIR": str(data_dir), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    return _GARBAGE_COLLECTION | environment | own


def _passes(name: str, names: frozenset[str], prefixes: tuple[str, ...]) -> bool:
    return not name.startswith(PREFIXES) or name in names or name.startswith(prefixes)
