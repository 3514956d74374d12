variable "event_sources" {
  description = "SQS queues whose messages invoke the function, or its alias, by label. A failed batch returns to its queue."
  type = map(object({
    queue_arn               = string
    batch_size              = optional(number, 10)
    batching_window_seconds = optional(number)
    filters                 = optional(list(string), [])
    kms_key_arn             = optional(string)
    maximum_concurrency     = optional(number)
    partial_failures        = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for source in values(var.event_sources) : can(regex("^arn:[a-z-]+:sqs:", source.queue_arn))])
    error_message = "event_sources has the queues ${join(", ", values(var.event_sources)[*].queue_arn)}: each must be the ARN of an SQS queue."
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  validation {
    condition = alltrue([for source in values(var.event_sources) :
      source.batch_size <= (endswith(source.queue_arn, ".fifo") ? 10 : 10000) &&
      (source.batch_size <= 10 || try(source.batching_window_seconds >= 1, false)) &&
      (source.batching_window_seconds == null || !endswith(source.queue_arn, ".fifo"))
    ])
    error_message = join(" ", [
      "event_sources has the batch sizes ${join(", ", values(var.event_sources)[*].batch_size)}: each must be at most 10000,",
      "above 10 only with batching_window_seconds of at least 1, and for a FIFO queue at most 10 without batching_window_seconds.",
    ])
  }

  validation {
    condition = var.reserved_concurrency == null || alltrue([
      for source in values(var.event_sources) : try(source.maximum_concurrency <= var.reserved_concurrency, true)
    ])
    error_message = "event_sources has a maximum_concurrency above reserved_concurrency, ${coalesce(var.reserved_concurrency, 0)}: it must be at most that."
  }

  validation {
    condition     = alltrue([for filter in flatten(values(var.event_sources)[*].filters) : can(keys(jsondecode(filter)))])
    error_message = "event_sources has filters that are not JSON objects: each must be a pattern, such as jsonencode({ body = { kind = [\"order\"] } })."
  }
}

variable "function_url" {
  description = "HTTPS endpoint of the function, or of its alias: `AWS_IAM`, for `callers` by label, or `NONE`, public. Set to `null` to disable."
  type = object({
    auth    = optional(string, "AWS_IAM")
    callers = optional(map(string), {})
    cors = optional(object({
      allow_origins     = set(string)
      allow_methods     = optional(set(string), ["GET"])
      allow_headers     = optional(set(string), [])
      expose_headers    = optional(set(string), [])
      allow_credentials = optional(bool, false)
      max_age_seconds   = optional(number, 0)
    }))
  })
  default = null

  validation {
    condition     = try(length(var.function_url.callers) == 0 || var.function_url.auth == "AWS_IAM", true)
    error_message = "function_url.callers is set with auth \"${try(var.function_url.auth, "")}\": it must be empty, as anybody may call such a URL."
  }

  validation {
    condition = alltrue([
      for caller in try(values(var.function_url.callers), []) : can(regex("^([0-9]{12}|arn:[a-z-]+:iam::[0-9]{12}:.+)$", caller))
    ])
    error_message = "function_url.callers has ${join(", ", try(values(var.function_url.callers), []))}: each must be the ID of an account or the ARN of a principal."
  }

  validation {
    condition = alltrue([
      for method in try(var.function_url.cors.allow_methods, []) : contains(["*", "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"], method)
    ])
    error_message = "function_url.cors.allow_methods has ${join(", ", try(var.function_url.cors.allow_methods, []))}: each must be a method, and not OPTIONS."
  }

  validation {
    condition = alltrue([for origin in try(var.function_url.cors.allow_origins, []) :
      can(regex("^(\\*|https?://[^/[:space:]]+)$", origin)) && (origin != "*" || !var.function_url.cors.allow_credentials)
    ])
    error_message = join(" ", [
      "function_url.cors.allow_origins has ${join(", ", try(var.function_url.cors.allow_origins, []))}:",
      "each must be an origin such as \"https://www.example.com\", or \"*\" without allow_credentials.",
    ])
  }
}

variable "http_api" {
  description = "API Gateway HTTP API of the function, or of its alias: `AWS_IAM` or `NONE` by route key, requests a second. Set to `null` to disable."
  type = object({
    routes     = optional(map(string), { "$default" = "AWS_IAM" })
    throttling = optional(object({ rate = number, burst = number }))
    cors = optional(object({ # as in function_url
      allow_origins  = set(string), allow_methods = optional(set(string), ["GET"]), allow_headers = optional(set(string), []),
      expose_headers = optional(set(string), []), allow_credentials = optional(bool, false), max_age_seconds = optional(number, 0),
    }))
  })
  default = null

  validation {
    condition = length(try(var.http_api.routes, { "$default" = "NONE" })) > 0 && alltrue([for key, auth in try(var.http_api.routes, {}) :
      can(regex("^(\\$default|(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /[^ ]*)$", key)) && contains(["AWS_IAM", "NONE"], auth)
    ])
    error_message = "http_api.routes is ${jsonencode(try(var.http_api.routes, null))}: it must be such as { \"GET /prices\" = \"AWS_IAM\", \"$default\" = \"NONE\" }."
  }

  validation {
    condition     = try(var.http_api.throttling.rate > 0 && var.http_api.throttling.burst >= 1, try(var.http_api.throttling, null) == null)
    error_message = "http_api.throttling is ${jsonencode(try(var.http_api.throttling, null))}: rate must be above 0 and burst at least 1, or no request passes."
  }

  validation {
    condition = alltrue([for origin in try(var.http_api.cors.allow_origins, []) :
      can(regex("^(\\*|https?://[^/[:space:]]+)$", origin)) && (origin != "*" || !var.http_api.cors.allow_credentials)
    ])
    error_message = "http_api.cors.allow_origins has ${join(", ", try(var.http_api.cors.allow_origins, []))}: each must be an origin, or \"*\" without allow_credentials."
  }
}

variable "permissions" {
  description = "Services that may invoke the function, or its alias, by label, such as `apigateway.amazonaws.com` for the ARN of an API's routes."
  type        = map(object({ service = string, source_arn = string, source_account = optional(string) }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for label in keys(var.permissions) : can(regex("^[a-zA-Z0-9_-]{1,80}$", label))])
    error_message = "permissions has the labels ${join(", ", keys(var.permissions))}: each must be 1 to 80 letters, digits, hyphens and underscores."
  }

  validation {
    condition     = alltrue([for permission in values(var.permissions) : can(regex("^[a-z0-9.-]+\\.amazonaws\\.com(\\.cn)?$", permission.service))])
    error_message = "permissions has the services ${join(", ", values(var.permissions)[*].service)}: each must be such as \"apigateway.amazonaws.com\"."
  }

  validation {
    condition     = alltrue([for permission in values(var.permissions) : can(regex("^arn:[a-z-]+:[a-z0-9-]+:", permission.source_arn))])
    error_message = "permissions has the sources ${join(", ", values(var.permissions)[*].source_arn)}: each must be an ARN, as others could invoke too."
  }

  validation {
    condition = alltrue([
      for permission in values(var.permissions) : permission.service != "s3.amazonaws.com" || permission.source_account != null
    ])
    error_message = "permissions has s3.amazonaws.com without source_account: it must be set, as the ARN of a bucket names no account."
  }
}

variable "schedules" {
  description = "EventBridge rules that invoke the function, or its alias, by label: `rate(...)` or `cron(...)` in UTC, and the event as JSON."
  type = map(object({
    expression = string
    enabled    = optional(bool, true)
    input      = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for label in keys(var.schedules) : can(regex("^[a-zA-Z0-9_-]+$", label)) && length("${var.name}-${label}") <= 64
    ])
    error_message = join(" ", [
      "schedules has the labels ${join(", ", keys(var.schedules))}: each must be letters, digits, hyphens and underscores,",
      "and at most ${63 - length(var.name)} characters, so that the rule's name, ${var.name}-LABEL, has at most 64.",
    ])
  }

  validation {
    condition = alltrue([for schedule in values(var.schedules) :
      can(regex("^(rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)|cron\\([^ )]+( [^ )]+){5}\\))$", schedule.expression))
    ])
    error_message = "schedules has ${join(", ", values(var.schedules)[*].expression)}: each must be such as rate(1 hour), rate(5 minutes) or cron(0 3 * * ? *)."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : schedule.input == null || can(jsondecode(schedule.input))])
    error_message = "schedules has an input that is not JSON: it must be the event, such as jsonencode({ job = \"refresh\" })."
  }
}
