"""Conditions of a policy: every fact of a target can be asked for, by the name that the error of a wrong one lists."""

from __future__ import annotations

import msgspec
import pytest

from oakum.errors import InputError
from oakum.policy.scopes import FACTS, VARIABLES, Scope, Target, condition_of


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_is_a_variable_of_conditions(fact: str) -> None:
    scope = Scope(condition=f"{VARIABLES[fact]} == 'x'")
    target = msgspec.convert({fact: "x"}, Target)
    assert scope.matches(target) is True
    assert scope.matches(msgspec.convert({fact: "y"}, Target)) is False
    assert scope.matches(Target()) is None, "what is not known matches nothing and excludes nothing"
    assert scope.unknown_facts(Target()) == (f"when: {scope.condition}",)


def test_the_namespace_is_written_as_conditions_of_kubernetes_write_it() -> None:
    assert Scope(condition="__namespace__.startsWith('kube-')").matches(Target(namespace="kube-system")) is True
    with pytest.raises(InputError, match="reserved"):
        condition_of("namespace == 'x'")
