"""Returns the version of the function that runs."""


def handler(event, context):
    return {"version": context.function_version}
