#!/bin/sh
# Made by `cargo obs-codegen telemetry`: each line says who must hear of an alert. Needs amtool.
set -eu
cd "$(dirname "$0")"
AMTOOL="${AMTOOL:-amtool}"
"$AMTOOL" check-config alertmanager.yml
test_route() { "$AMTOOL" config routes test --config.file=alertmanager.yml "$@" >/dev/null; }
test_route --verify.receivers='watchdog' 'alertname="Watchdog"' 'severity="info"'
test_route --verify.receivers='Identity "{{core}}" / EU-page' 'service="shop"' 'severity="critical"' 'team="Identity \"{{core}}\" / EU"'
test_route --verify.receivers='Identity "{{core}}" / EU-ticket' 'service="shop"' 'severity="warning"' 'team="Identity \"{{core}}\" / EU"'
test_route --verify.receivers='Identity "{{core}}" / EU-note' 'service="shop"' 'severity="info"' 'team="Identity \"{{core}}\" / EU"'
test_route --verify.receivers='billing-page' 'service="shop"' 'severity="critical"' 'team="billing"'
test_route --verify.receivers='billing-ticket' 'service="shop"' 'severity="warning"' 'team="billing"'
test_route --verify.receivers='billing-note' 'service="shop"' 'severity="info"' 'team="billing"'
test_route --verify.receivers='checkout-page' 'service="shop"' 'severity="critical"' 'team="checkout"'
test_route --verify.receivers='checkout-ticket' 'service="shop"' 'severity="warning"' 'team="checkout"'
test_route --verify.receivers='checkout-note' 'service="shop"' 'severity="info"' 'team="checkout"'
test_route --verify.receivers='finance-page' 'service="shop"' 'severity="critical"' 'team="finance"'
test_route --verify.receivers='finance-ticket' 'service="shop"' 'severity="warning"' 'team="finance"'
test_route --verify.receivers='finance-note' 'service="shop"' 'severity="info"' 'team="finance"'
test_route --verify.receivers='platform-page' 'service="shop"' 'severity="critical"' 'team="platform"'
test_route --verify.receivers='platform-ticket' 'service="shop"' 'severity="warning"' 'team="platform"'
test_route --verify.receivers='platform-note' 'service="shop"' 'severity="info"' 'team="platform"'
test_route --verify.receivers='anybody-page' 'service="shop"' 'severity="critical"' 'team="nobody-we-know"'
test_route --verify.receivers='anybody' 'service="shop"' 'severity="warning"' 'team="nobody-we-know"'
test_route --verify.receivers='anybody' 'service="shop"' 'severity="info"' 'team="nobody-we-know"'
test_route --verify.receivers='tenant-ACME,anybody-page' 'service="shop"' 'severity="critical"' 'team="nobody-we-know"' 'customer="ACME"'
test_route --verify.receivers='tenant-ACME,Identity "{{core}}" / EU-page' 'service="shop"' 'severity="critical"' 'team="Identity \"{{core}}\" / EU"' 'customer="ACME"'
test_route --verify.receivers='tenant-ACME,anybody-page' 'service="shop"' 'severity="critical"' 'team="nobody-we-know"' 'tenant="ACME"'
test_route --verify.receivers='tenant-ACME,Identity "{{core}}" / EU-page' 'service="shop"' 'severity="critical"' 'team="Identity \"{{core}}\" / EU"' 'tenant="ACME"'
