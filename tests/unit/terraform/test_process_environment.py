"""All variables of Terraform, its AWS provider and botocore: passed on or dropped."""

import re
from pathlib import Path

import botocore
import pytest

from vpcache.stack.aws_clients import AwsClients
from vpcache.stack.target import aws_target, lab_target
from vpcache.terraform.process_environment import aws_environment, lab_environment, terraform_environment

ENDPOINT = "http://127.0.0.1:4600"

# https://developer.hashicorp.com/terraform/cli/config/environment-variables, and the variables in the source
# of Terraform: internal/command, internal/httpclient, internal/getproviders
TERRAFORM = {
    "TF_APPEND_USER_AGENT": "dropped",
    "TF_CLI_ARGS": "dropped",
    "TF_CLI_ARGS_apply": "dropped",
    "TF_CLI_ARGS_version": "dropped",
    "TF_CLOUD_HOSTNAME": "dropped",
    "TF_CLOUD_ORGANIZATION": "dropped",
    "TF_CLOUD_PROJECT": "dropped",
    "TF_DISABLE_PLUGIN_TLS": "dropped",
    "TF_ENABLE_PLUGGABLE_STATE_STORAGE": "dropped",
    "TF_FORCE_LOCAL_BACKEND": "dropped",
    "TF_IGNORE": "dropped",
    "TF_INPUT": "dropped",
    "TF_LOG": "passes",
    "TF_LOG_CORE": "passes",
    "TF_LOG_PROVIDER": "passes",
    "TF_MODULE_DEPTH": "dropped",
    "TF_PLUGIN_CACHE_DIR": "passes",
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "dropped",
    "TF_PROVIDER_DOWNLOAD_RETRY": "passes",
    "TF_REATTACH_PROVIDERS": "dropped",
    "TF_REGISTRY_CLIENT_TIMEOUT": "passes",
    "TF_REGISTRY_DISCOVERY_RETRY": "passes",
    "TF_SKIP_PROVIDER_VERIFY": "dropped",
    "TF_SKIP_REMOTE_TESTS": "dropped",
    "TF_STATE_PERSIST_INTERVAL": "dropped",
    "TF_TEMP_LOG_PATH": "dropped",
    "TF_TOKEN_registry_example_com": "passes",
    "TF_VAR_name": "dropped",
    "TF_WORKSPACE": "dropped",
    "TERRAFORM_CONFIG": "dropped",
    # https://registry.terraform.io/providers/hashicorp/aws/latest/docs
    "TF_AWS_DEFAULT_TAGS_Owner": "dropped",
    "TF_AWS_IGNORE_TAGS_KEYS": "dropped",
    "TF_AWS_IGNORE_TAGS_KEY_PREFIXES": "dropped",
}
AWS_ONLY_IN_TERRAFORM = {
    "AWS_ENDPOINT_URL_DYNAMODB": "passes",
    "AWS_ENDPOINT_URL_S3": "passes",
    "AWS_SDK_LOAD_CONFIG": "dropped",
    "AWS_SSE_CUSTOMER_KEY": "dropped",
    "AWS_S3_ENDPOINT": "dropped",
    "AWS_STS_ENDPOINT": "dropped",
    "AWS_DYNAMODB_ENDPOINT": "dropped",
    "AWS_METADATA_URL": "dropped",
}
NORMALISED = {"AWS_DEFAULT_PROFILE", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_REGION"}
PASSES_TO_AWS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
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
    "AWS_ENDPOINT_URL",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
}


def botocore_variables():
    """Return the variables that the installed botocore reads, from its source."""
    sources = Path(botocore.__file__).parent.rglob("*.py")
    return {
        name
        for source in sources
        for name in re.findall(r"""["']((?:AWS|BOTO|BOTOCORE)_[A-Z0-9_]+)["']""", source.read_text())
    }


def terraform_gets(environ, target, tmp_path):
    return terraform_environment(target(environ), tmp_path).keys() & environ.keys()


def to_aws(environ):
    return aws_environment(environ, "eu-west-1")


def to_lab(environ):
    return lab_environment(environ, ENDPOINT, "us-east-1")


@pytest.mark.parametrize("target", [to_aws, to_lab])
@pytest.mark.parametrize(("name", "verdict"), TERRAFORM.items())
def test_terraform_variable(target, name, verdict, tmp_path):
    assert (name in terraform_gets({name: "x"}, target, tmp_path)) == (verdict == "passes")


@pytest.mark.parametrize(("name", "verdict"), AWS_ONLY_IN_TERRAFORM.items())
def test_provider_variable(name, verdict, tmp_path):
    assert (name in terraform_gets({name: "x"}, to_aws, tmp_path)) == (verdict == "passes")
    assert name not in to_lab({name: "x"})


@pytest.mark.parametrize("name", sorted(botocore_variables() - NORMALISED))
def test_botocore_variable(name, tmp_path):
    assert (name in terraform_gets({name: "x"}, to_aws, tmp_path)) == (name in PASSES_TO_AWS)
    assert to_lab({name: "user's"}).get(name) != "user's"


def test_every_passing_variable_exists_in_botocore():
    assert botocore_variables() >= PASSES_TO_AWS


def test_one_profile_reaches_both_sdks():
    environ = to_aws({"AWS_PROFILE": "team", "AWS_DEFAULT_PROFILE": "other"})
    assert environ["AWS_PROFILE"] == "team"
    assert "AWS_DEFAULT_PROFILE" not in environ
    assert to_aws({"AWS_DEFAULT_PROFILE": "other"})["AWS_PROFILE"] == "other"


def test_other_variables_pass():
    assert (
        to_lab({"HOME": "/home/me", "HTTPS_PROXY": "http://proxy"}).items()
        >= {
            "HOME": "/home/me",
            "HTTPS_PROXY": "http://proxy",
        }.items()
    )


@pytest.mark.parametrize("target", [to_aws, to_lab])
def test_garbage_collection_is_rarer_unless_the_user_sets_it(target, tmp_path):
    def settings(**environ):
        passed = terraform_environment(target(environ), tmp_path)
        return passed["GOGC"], passed["GOMEMLIMIT"]

    assert settings() == ("400", "1GiB")
    assert settings(GOGC="50", GOMEMLIMIT="256MiB") == ("50", "256MiB")


def test_debug_log_goes_to_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert terraform_environment({"TF_LOG": "DEBUG"}, tmp_path)["TF_LOG_PATH"] == str(
        tmp_path / "terraform.log"
    )
    named = terraform_environment({"TF_LOG": "DEBUG", "TF_LOG_PATH": "mine.log"}, tmp_path)
    assert named["TF_LOG_PATH"] == str(tmp_path / "mine.log")
    assert "TF_LOG_PATH" not in terraform_environment({}, tmp_path)


BAD_VALUES = {
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "perhaps",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_DEFAULTS_MODE": "x",
    "AWS_DEFAULT_PROFILE": "absent",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_PROFILE": "absent",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "x",
    "AWS_RETRY_MODE": "x",
    "AWS_STS_REGIONAL_ENDPOINTS": "x",
}


@pytest.mark.parametrize(("name", "value"), BAD_VALUES.items())
def test_bad_value_does_not_stop_the_lab(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    client = lab_target(ENDPOINT, {name: value}).client("sts")
    assert client.meta.endpoint_url == ENDPOINT
    assert client.meta.region_name == "us-east-1"


def test_user_config_file_does_not_reach_the_lab(monkeypatch, tmp_path):
    (tmp_path / "config").write_text(
        "[default]\ns3 =\n  use_accelerate_endpoint = true\nregion = eu-west-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert lab_target(ENDPOINT, {}).client("s3").meta.endpoint_url == ENDPOINT


@pytest.mark.parametrize("name", ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_STS_REGIONAL_ENDPOINTS"])
def test_bad_client_settings_are_ignored_on_aws(name, monkeypatch):
    monkeypatch.setenv(name, "x")
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", name: "x", "AWS_REGION": "eu-west-1"}
    assert aws_target(keys).client("sts").meta.region_name == "eu-west-1"


@pytest.mark.parametrize(
    ("environ", "is_path"),
    [
        ({}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4600/"}, True),
        ({"AWS_ENDPOINT_URL": "http://localhost:4600"}, True),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4600"}, True),
        ({"AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:4600"}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, False),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, False),
    ],
)
def test_custom_endpoints_use_path_style_buckets(environ, is_path):
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    assert aws_target(keys | environ).uses_path_style == is_path


def test_session_and_clients_are_cached():
    clients = AwsClients(lab_environment({}, ENDPOINT, "us-east-1"), "us-east-1", is_lab=True)
    assert clients.session is clients.session
    assert clients.client("sts", {}) is clients.client("sts", {})
    assert clients.client("lambda", {"read_timeout": 5}) is not clients.client("lambda", {})
