//! Documents of metrics.

use golden::metrics::Bare;
use golden::metrics::golden::billing::{Payments, Provider};
use golden::metrics::golden::shop::{
    Cart, CartKind, Channel, OrderPaid, ParcelMoved, ParcelPlaced, Size, Status, Stop, Tag,
};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::testing::Recorder;
use obs_runtime::types::TimestampMillis;
use obs_runtime::{Bus, Label, MetricSet, Pii};

#[test]
fn a_document_is_a_set_of_instruments() {
    assert_eq!(Provider::VALUES, ["stripe", "adyen", "Type"]);
    let payments = Payments::get();
    payments.attempts.at((Provider::Type, true)).inc();
    payments.r#type.at(Provider::Adyen).add(12.5);
    payments.open.set(-2);
    payments.duration_seconds.at(true).observe(0.5);
    payments.payment_sizes.observe(3.0);
    payments.gateway.set(["1.2", "eu"]);
    Bare::get().jobs.inc();
    let text = String::from_utf8(exposition(Format::OpenMetrics)).unwrap();
    for line in [
        "payments_attempts_total{provider=\"Type\",repeated=\"true\"} 1",
        "payments_attempts_total{provider=\"stripe\",repeated=\"false\"} 0",
        "# UNIT payments_type_euros euros",
        "payments_type_euros_total{provider=\"adyen\"} 12.5",
        "payments_open -2",
        "payments_duration_seconds_bucket{repeated=\"true\",le=\"2.5e+06\"} 1",
        "# HELP paymentSizes Say \\\"how much\\\", \\\\ and more.",
        "paymentSizes_count 1",
        "payments_gateway_info{version=\"1.2\",region=\"eu\"} 1",
        "jobs_total 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn an_event_feeds_the_families_it_names() {
    let publisher = OrderPaid::publisher(&Bus::null().for_source("feeds"));
    let text = String::from_utf8(exposition(Format::Text)).unwrap();
    let zero = "orders_total{sales_channel=\"APP\",status=\"PAID\"} 0";
    assert!(text.lines().any(|found| found == zero), "{text}");
    let order = OrderPaid {
        status: Status::Paid,
        channel: Some(Channel::App),
        country: Some("FR".to_owned()),
        gift: false,
        amount: "12.50".parse().unwrap(),
        discount: Some(2.5),
        items: 3,
        paid_at: TimestampMillis(30_000),
        cart: Some(Cart {
            opened_at: TimestampMillis(10_000),
            kind: CartKind::Kept,
        }),
        tags: vec![Tag::Hot, Tag::New, Tag::Hot],
    };
    let bare = OrderPaid {
        channel: None,
        country: Some("IT".to_owned()),
        gift: true,
        discount: None,
        cart: None,
        tags: Vec::new(),
        ..order.clone()
    };
    publisher.publish_blocking(&order).unwrap();
    publisher.publish_blocking(&bare).unwrap();
    let text = String::from_utf8(exposition(Format::Text)).unwrap();
    for line in [
        "orders_total{sales_channel=\"APP\",status=\"PAID\"} 1",
        "orders_total{sales_channel=\"none\",status=\"PAID\"} 1",
        "orders_paid_total 1",
        "turnover_euros_total{country=\"FR\"} 12.5",
        "turnover_euros_total{country=\"other\"} 12.5",
        "turnover_euros_total{country=\"none\"} 0.0",
        "order_items_total 6",
        "order_discount_ratio 0.2",
        "order_age_seconds_bucket{cart_kind=\"KEPT\",le=\"1.0\"} 0",
        "order_age_seconds_bucket{cart_kind=\"KEPT\",le=\"60.0\"} 1",
        "order_age_seconds_sum{cart_kind=\"KEPT\"} 20.0",
        "order_age_seconds_count{cart_kind=\"NEW\"} 0",
        "order_amount_count{items_bucket=\"7\"} 2",
        "order_tags_total{gift=\"false\",tag=\"HOT\"} 2",
        "order_tags_total{gift=\"false\",tag=\"NEW\"} 1",
        "order_tags_total{gift=\"true\",tag=\"NEW\"} 0",
        "orders_from_de_total 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "counts are whole, and exact")]
fn what_is_remembered_by_a_key_goes_from_one_event_to_another() {
    let (recorder, bus) = (Recorder::new(), Bus::null());
    let (placed, moved) = (ParcelPlaced::publisher(&bus), ParcelMoved::publisher(&bus));
    let place = |parcel_id: i64, size: Size| {
        let customer = Some(Pii::new(format!("customer-{parcel_id}")));
        let parcel = ParcelPlaced {
            parcel_id,
            size,
            customer,
        };
        placed
            .publish_with_blocking(&recorder.context(), &parcel)
            .unwrap();
    };
    let go = |parcel_id: i64, to: Stop| {
        let parcel = ParcelMoved {
            parcel_id,
            size: Size::Large,
            to,
            // Long ago, so that the difference is known to be negative, and is one all the same.
            loaded_at: (parcel_id == 2).then_some(TimestampMillis(0)),
        };
        moved
            .publish_with_blocking(&recorder.context(), &parcel)
            .unwrap();
    };
    let count = |name: &str, labels: &[(&str, &str)]| recorder.metric(name, labels).unwrap();
    let open = |size| count("parcels_open", &[("size", size)]);
    place(1, Size::Small);
    place(2, Size::Large);
    place(3, Size::Large);
    // There is room for three.
    place(4, Size::Large);
    assert_eq!((open("SMALL"), open("LARGE")), (1.0, 2.0));
    let clamped = [("family", "parcels_open")];
    assert_eq!(count("obs_label_overflow_total", &clamped), 1.0);
    go(2, Stop::Depot);
    assert_eq!(count("parcels_held", &[]), 1.0);
    go(2, Stop::Door);
    go(2, Stop::Door);
    go(4, Stop::Nowhere);
    assert_eq!((open("SMALL"), open("LARGE")), (1.0, 1.0));
    assert_eq!(count("parcels_held", &[]), 0.0);
    assert_eq!(count("parcel_delivery_seconds_count", &[]), 2.0);
    let took = count("parcel_delivery_seconds_sum", &[]);
    assert!((0.0..60.0).contains(&took), "{took}");
    assert_eq!(count("parcel_load_seconds_count", &[]), 3.0);
    // Half a century before it was placed.
    assert!(count("parcel_load_seconds_sum", &[]) < -1.5e9);
    // Nobody knows when this one was placed.
    let unmatched = || count("obs_metrics_dropped_total", &[("reason", "unmatched")]);
    let before = unmatched();
    go(5, Stop::Door);
    assert_eq!(unmatched() - before, 1.0);
    let quiet = count("parcel_quiet_seconds", &[]);
    assert!(quiet > 0.0 && quiet < 60.0, "{quiet}");
}
