def test_each_zone_has_egress_through_its_elastic_ip(probes, outputs):
    for zone in outputs["zones"]:
        assert probes.egress(zone)


def test_elastic_ips_belong_to_the_nat_gateway_of_their_zone(target, outputs):
    gateways = target.client("ec2").describe_nat_gateways(
        NatGatewayIds=list(outputs["nat_gateway_ids"].values())
    )
    seen = {
        gateway["NatGatewayId"]: gateway["NatGatewayAddresses"][0]["PublicIp"]
        for gateway in gateways["NatGateways"]
    }
    assert {zone: seen[gateway] for zone, gateway in outputs["nat_gateway_ids"].items()} == outputs[
        "egress_ips"
    ]
    assert len(set(outputs["egress_ips"].values())) == len(outputs["zones"])
