"""What the names of load balancers tell where there is no address.

Classic and application load balancers of AWS are called NAME.REGION.elb.amazonaws.com, internal ones with "internal-"
before it (docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-internal-load-balancers.html); the names of
network load balancers, NAME.elb.REGION.amazonaws.com, do not tell. Where IngressClassParams set the scheme, no
annotation of the Ingress does (kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress).
"""

from __future__ import annotations

import pytest
from tests.risk.exposure.makings import Json, edge, ingress, measured, nginx, service, shop

from oakum.risk.exposure.counterfactual import closings

ALB = "k8s-shop-web-1234.eu-west-1.elb.amazonaws.com"
NLB = "k8s-shop-web-1234.elb.eu-west-1.amazonaws.com"
OURS = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}


def level(objects: list[Json], name: str = "web") -> str:
    """How exposed a workload is."""
    return next(one.level for key, one in measured(objects).workloads.items() if key.name == name)


def named(each: Json, *hosts: str) -> Json:
    """An object with these names in its status."""
    each["status"] = {"loadBalancer": {"ingress": [{"hostname": host} for host in hosts]}}
    return each


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ((ALB,), "open"),
        ((ALB.upper(),), "open"),
        ((f"dualstack.{ALB}",), "open"),
        ((f"{ALB}.cn",), "open"),
        ((f"internal-{ALB}",), "controlled"),
        ((f"Internal-{ALB}",), "controlled"),
        ((f"dualstack.internal-{ALB}",), "controlled"),
        ((f"internal-{ALB}", ALB), "open"),
        ((), "controlled"),
    ],
)
def test_an_application_load_balancer_is_what_its_name_says(hosts: tuple[str, ...], expected: str) -> None:
    assert level(shop(service(), named(ingress("alb"), *hosts))) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (ALB, "open"),
        (f"internal-{ALB}", "controlled"),
        (NLB, "controlled"),
        ("internal-a.elb.example.com", "controlled"),
    ],
)
def test_a_name_that_tells_counts_more_than_the_annotation(host: str, expected: str) -> None:
    assert level(shop(named(service("LoadBalancer", annotations=OURS), host))) == expected


@pytest.mark.parametrize("host", [NLB, "internal-a.elb.example.com", "internal-a.example.com"])
def test_a_name_that_does_not_tell_is_taken_to_be_public(host: str) -> None:
    (exposure,) = measured(shop(named(service("LoadBalancer"), host))).workloads.values()
    assert exposure.level == "open"
    assert "the load balancer is known by a name only, which is taken to be public" in exposure.assumptions


def test_the_name_of_an_ingress_goes_with_the_service_that_has_it() -> None:
    objects = shop(service(), nginx(named(edge(), ALB)), named(ingress(), ALB))
    assert level(objects) == "open"
    (closing,) = (one for one in closings(measured(objects)) if one.what == "Service edge/nginx")
    assert {key.name: left.level for key, left in closing.workloads.items()} == {
        "nginx": "controlled",
        "web": "controlled",
    }
