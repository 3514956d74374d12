import pytest

from vpcache.lab.aws.gateway.call_counter import CallCounter, RestRequest, operation

FUNCTIONS = "/2015-03-31/functions"


def asked(service, method, path, query="", *headers):
    return RestRequest(service, method, path, query, frozenset(headers))


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (asked("s3", "GET", "/"), "ListBuckets"),
        (asked("s3", "PUT", "/bucket"), "CreateBucket"),
        (asked("s3", "PUT", "/bucket", "versioning"), "PutBucketVersioning"),
        (asked("s3", "PUT", "/bucket", "publicAccessBlock="), "PutPublicAccessBlock"),
        (asked("s3", "GET", "/bucket", "list-type=2&prefix=a%2Fb"), "ListObjectsV2"),
        (asked("s3", "HEAD", "/bucket/a/b"), "HeadObject"),
        (asked("s3", "PUT", "/bucket/a/b", "x-id=PutObject"), "PutObject"),
        (asked("s3", "PUT", "/bucket/a", "", "x-amz-copy-source"), "CopyObject"),
        (asked("lambda", "POST", FUNCTIONS), "CreateFunction"),
        (asked("lambda", "GET", f"{FUNCTIONS}/"), "ListFunctions"),
        (asked("lambda", "POST", f"{FUNCTIONS}/f/invocations"), "Invoke"),
        (asked("lambda", "GET", "/2017-03-31/tags/arn:aws:lambda:us-east-1:1:function:f"), "ListTags"),
        (asked("lambda", "DELETE", "/2017-03-31/tags/arn%3Aaws%2Fa"), "UntagResource"),
    ],
    ids=lambda each: getattr(each, "service", each),
)
def test_operation_is_derived_from_the_request(request_, name):
    assert str(request_) == f"{request_.service}:{name}"


@pytest.mark.parametrize(
    ("path", "name"), [("/", "ListObjects"), ("/a/b", "GetObject"), ("/bucket", "GetObject")]
)
def test_bucket_may_be_in_the_name_of_the_host(path, name):
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "HTTP_HOST": "bucket.s3.us-east-1.amazonaws.com",
    }
    assert RestRequest.of("s3", environ).operation == name


def test_unknown_operation_is_named_by_method_and_path():
    assert operation("lambda", "GET", "/unheard/of", {}, frozenset()) is None
    assert str(asked("lambda", "GET", "/unheard/of")) == "lambda:GET /unheard/of"
    assert str(asked("none-such", "GET", "/")) == "none-such:GET /"


def test_calls_are_counted_by_operation_name():
    calls = CallCounter()
    for call in ("ec2:CreateVpc", asked("s3", "PUT", "/a"), asked("s3", "PUT", "/b"), "ec2:CreateVpc"):
        calls.record(call)
    assert calls.counts() == {"ec2:CreateVpc": 2, "s3:CreateBucket": 2}
    calls.record(asked("s3", "PUT", "/a"))
    assert calls.counts()["s3:CreateBucket"] == 3
