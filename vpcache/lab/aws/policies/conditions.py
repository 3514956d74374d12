"""Evaluation of a statement's conditions.

Set operators: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
Several keys and values: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Iterable

from vpcache.lab.aws.policies.documents import Condition
from vpcache.lab.aws.policies.matching import Context
from vpcache.lab.aws.policies.operators import OPERATORS


def all_hold(conditions: Iterable[Condition], context: Context, *, has_variables: bool) -> bool:
    """Return whether all conditions hold. Raises UnresolvedVariableError."""
    return all(holds(condition, context, has_variables=has_variables) for condition in conditions)


def holds(condition: Condition, context: Context, *, has_variables: bool) -> bool:
    """Return whether a condition holds. Raises UnresolvedVariableError."""
    values = context.get(condition.key.lower(), ())
    is_null = values in ((), ("",))
    implementation = OPERATORS[condition.operator]
    if implementation is None:
        return any(value.lower() == str(is_null).lower() for value in condition.values)
    compare, is_negated = implementation
    if not values or (condition.qualifier and is_null):
        return _holds_without_value(condition, is_negated)
    variables = context if has_variables else None
    results = [
        any(compare(pattern, value, variables) for pattern in condition.values) is not is_negated
        for value in values
    ]
    if condition.qualifier:
        return all(results) if condition.qualifier == "ForAllValues" else any(results)
    return all(results) if is_negated else any(results)


def _holds_without_value(condition: Condition, is_negated: bool) -> bool:
    if condition.if_exists or condition.qualifier == "ForAllValues":
        return True
    return is_negated and condition.qualifier != "ForAnyValue"
