variable "alarms" {
  description = "Alarms on errors per minute, throttles, and p99 duration in percent of the timeout. Set to `null` to disable."
  type = object({
    topic_arn       = string
    errors          = optional(number, 0)
    timeout_percent = optional(number, 80)
  })
  default = null

  validation {
    condition     = var.alarms == null || can(regex("^arn:[a-z-]+:sns:", var.alarms.topic_arn))
    error_message = "alarms.topic_arn is \"${try(var.alarms.topic_arn, "")}\": it must be the ARN of an SNS topic."
  }

  validation {
    condition     = var.alarms == null || try(var.alarms.timeout_percent > 0 && var.alarms.timeout_percent <= 100, false)
    error_message = "alarms.timeout_percent is ${try(var.alarms.timeout_percent, 0)}: it must be greater than 0 and at most 100."
  }
}

variable "dashboard" {
  description = "Whether a CloudWatch dashboard of the name of the function shows its metrics, those of `metrics` and of its HTTP API."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "Number of days for which CloudWatch Logs retains the logs of the function and its HTTP API."
  type        = number
  default     = 14
  nullable    = false
}

variable "logging" {
  description = "Log format, `JSON` or `Text`, and the lowest levels that JSON logs have. Set to `null` for Lambda's default, text."
  type = object({
    format            = optional(string, "JSON")
    application_level = optional(string)
    system_level      = optional(string)
  })
  default = null

  validation {
    condition     = try(var.logging.format != "Text" || (var.logging.application_level == null && var.logging.system_level == null), true)
    error_message = "logging.format is \"Text\": application_level and system_level must be null, as Lambda filters JSON logs only."
  }
}

variable "metrics" {
  description = "The function's own metrics, by label, for `dashboard`; with a `threshold` for `alarms` too. `name` is the label by default."
  type = map(object({
    namespace   = string
    name        = optional(string)
    dimensions  = optional(map(string), {})
    statistic   = optional(string, "Sum")
    threshold   = optional(number)
    description = optional(string, "exceeds a threshold")
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for label, metric in var.metrics :
      can(regex("^[a-zA-Z0-9_-]{1,100}$", label)) && !contains(["Duration", "Errors", "Throttles"], label) &&
      can(regex("^(Average|Maximum|Minimum|SampleCount|Sum|p(100|[0-9]{1,2}(\\.[0-9]+)?))$", metric.statistic))
    ])
    error_message = join(" ", [
      "metrics has ${join(", ", [for label, metric in var.metrics : "${label} (${metric.statistic})"])}: each label must be letters, digits, _ and -,",
      "not Duration, Errors or Throttles, and each statistic Sum, Average, Maximum, Minimum, SampleCount or a percentile such as p99.",
    ])
  }
}

variable "tracing" {
  description = "Whether X-Ray traces the function's invocations. `egress_rules` must allow the function to reach X-Ray."
  type        = bool
  default     = false
  nullable    = false
}
