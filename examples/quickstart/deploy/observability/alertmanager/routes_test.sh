#!/bin/sh
# Made by `cargo obs-codegen telemetry`: each line says who must hear of an alert. Needs amtool.
set -eu
cd "$(dirname "$0")"
AMTOOL="${AMTOOL:-amtool}"
"$AMTOOL" check-config alertmanager.yml
test_route() { "$AMTOOL" config routes test --config.file=alertmanager.yml "$@" >/dev/null; }
test_route --verify.receivers='watchdog' 'alertname="Watchdog"' 'severity="info"'
test_route --verify.receivers='checkout-page' 'service="shop"' 'severity="critical"' 'team="checkout"'
test_route --verify.receivers='checkout-ticket' 'service="shop"' 'severity="warning"' 'team="checkout"'
test_route --verify.receivers='checkout-note' 'service="shop"' 'severity="info"' 'team="checkout"'
test_route --verify.receivers='identity-page' 'service="shop"' 'severity="critical"' 'team="identity"'
test_route --verify.receivers='identity-ticket' 'service="shop"' 'severity="warning"' 'team="identity"'
test_route --verify.receivers='identity-note' 'service="shop"' 'severity="info"' 'team="identity"'
test_route --verify.receivers='unowned-page' 'service="shop"' 'severity="critical"' 'team="unowned"'
test_route --verify.receivers='unowned-ticket' 'service="shop"' 'severity="warning"' 'team="unowned"'
test_route --verify.receivers='unowned-note' 'service="shop"' 'severity="info"' 'team="unowned"'
test_route --verify.receivers='anybody-page' 'service="shop"' 'severity="critical"' 'team="nobody-we-know"'
test_route --verify.receivers='anybody' 'service="shop"' 'severity="warning"' 'team="nobody-we-know"'
test_route --verify.receivers='anybody' 'service="shop"' 'severity="info"' 'team="nobody-we-know"'
