"""The Lambda API's handlers for function URLs."""

from __future__ import annotations

from moto.awslambda.exceptions import UnknownAliasException, UnknownFunctionException
from moto.core.responses import ActionResult, EmptyResult

from vpcache.lab.aws.awslambda.api.request import FunctionRequest
from vpcache.lab.aws.awslambda.config.url_config import FunctionUrlConfig, check_url_parameters
from vpcache.lab.aws.awslambda.errors import ResourceConflictError, ResourceNotFoundError
from vpcache.lab.aws.awslambda.function import Function
from vpcache.lab.aws.awslambda.urls.registry import new_url_config
from vpcache.lab.functions.spec import LATEST


class FunctionUrlsResponse(FunctionRequest):
    """The URL configurations of functions and aliases."""

    def create_function_url_config(self) -> ActionResult:
        """Answer CreateFunctionUrlConfig."""
        check_url_parameters(self.params)
        function, qualifier = self._existing_function(), self._target.qualifier
        arn = f"{function.arn}:{qualifier}" if qualifier else function.arn
        if self._url_key in function.url_configs:
            raise ResourceConflictError(
                f"Failed to create function url config for [functionArn = {arn}]. Error message:  "
                "FunctionUrlConfig exists for this Lambda function"
            )
        config = new_url_config(self.backend.account_id, self.region, arn, qualifier, self.params)
        function.url_configs[self._url_key] = config
        return self._changed(config)

    def get_function_url_config(self) -> ActionResult:
        """Answer GetFunctionUrlConfig."""
        return ActionResult(self._url_config().describe())

    def update_function_url_config(self) -> ActionResult:
        """Answer UpdateFunctionUrlConfig."""
        check_url_parameters(self.params)
        self._existing_function()
        config = self._url_config().updated(self.params)
        self._function().url_configs[self._url_key] = config
        return self._changed(config)

    def delete_function_url_config(self) -> ActionResult:
        """Answer DeleteFunctionUrlConfig."""
        self._url_config()
        del self._function().url_configs[self._url_key]
        return EmptyResult()

    def list_function_url_configs(self) -> ActionResult:
        """Answer ListFunctionUrlConfigs."""
        configs = dict(self._existing_function().url_configs)
        return self._page("FunctionUrlConfigs", [configs[key].describe() for key in sorted(configs)])

    def _changed(self, config: FunctionUrlConfig) -> ActionResult:
        """Return a configuration as the call that changed it: with the mode of invocations if it set one."""
        unset = () if self._get_param("InvokeMode") else ("InvokeMode",)
        return ActionResult({name: value for name, value in config.describe().items() if name not in unset})

    @property
    def _url_key(self) -> str:
        return self._target.qualifier or LATEST

    def _url_config(self) -> FunctionUrlConfig:
        try:
            config = self._function().url_configs.get(self._url_key)
        except UnknownFunctionException:
            config = None
        if not config:
            raise ResourceNotFoundError("The resource you requested does not exist.")
        return config

    def _existing_function(self) -> Function:
        """Return the function whose URL, or whose alias's URL, is configured."""
        qualifier = self._target.qualifier
        try:
            function = self._function()
            if qualifier:
                function.alias(qualifier)
        except (UnknownAliasException, UnknownFunctionException) as error:
            raise ResourceNotFoundError("Function does not exist") from error
        return function
