//! The envelope around an Avro payload is a record that any reader of Avro reads.

use golden::avro::golden::shared::Money;
use golden::avro::golden::yaml::RefundIssued;
use obs_runtime::bus::Origin;
use obs_runtime::publish::Framing;
use obs_runtime::testing::Mock;
use obs_runtime::{Actor, Bus, Context, Event, Json};
use obs_schema::avro::dynamic::{Options, decode};
use obs_schema::avro::{Schema, canonical, fingerprint, read_text};

fn refund() -> RefundIssued {
    RefundIssued::new(Money::new(499, "EUR")).with_reason("late")
}

/// Everything that may stand in it, and next to nothing.
fn contexts() -> [Context; 2] {
    let actor = Actor {
        kind: "user".into(),
        id: "u-1".into(),
        host: Some("web-3".into()),
    };
    let full = Context::NONE
        .with_causation("evt-1")
        .with_conversation("talk-2")
        .with_tenant("acme")
        .with_actor(actor)
        .with_occurred(std::time::SystemTime::UNIX_EPOCH);
    [full, Context::NONE]
}

#[test]
fn an_envelope_of_avro_is_read_by_its_schema() {
    let about = RefundIssued::DESCRIPTOR;
    let text = about.envelope_schema().expect("it is Avro in our envelope");
    let set = read_text(&text).expect("it is a schema");
    let schema = Schema::of_set(&set).expect("of something");
    let origin = Origin::new("shop")
        .with_version("1.2.3")
        .with_extension("gitCommit", "93c9ac5");
    let bus = Bus::memory(4).for_source(origin);
    for context in contexts() {
        let publisher = RefundIssued::publisher(&bus);
        publisher
            .publish_with_blocking(&context, &refund())
            .unwrap();
        let record = bus.take().unwrap();
        let (framing, message) = Framing::detect(record.body().unwrap());
        let root = set.documents[0].root.as_ref().unwrap();
        let rabin = fingerprint::rabin(canonical::of(&set, root).as_bytes());
        assert_eq!(framing, Framing::SingleObject(rabin));
        let message = decode(schema, message, &Options::default()).expect("a message");
        let at = |path: &str| {
            let found = path.split('.').try_fold(&message, |at, name| at.get(name));
            found.and_then(Json::as_str).map(str::to_owned)
        };
        let header = |name: &str| record.headers().text(name).map(str::to_owned);
        for (path, name) in [
            ("eventId", "event-id"),
            ("eventType", "event-type"),
            ("eventVersion", "event-version"),
            ("correlation.correlationId", "correlation-id"),
            ("correlation.causationId", "causation-id"),
            ("correlation.conversationId", "conversation-id"),
            ("metadata.tenant", "tenant-id"),
        ] {
            assert_eq!(at(path), header(name), "{path}");
        }
        assert_eq!(at("metadata.source").as_deref(), Some("shop"));
        assert_eq!(at("metadata.sourceVersion").as_deref(), Some("1.2.3"));
        assert_eq!(
            at("metadata.extensions.gitCommit").as_deref(),
            Some("93c9ac5")
        );
        let (trace, span) = (at("tracing.traceId"), at("tracing.spanId"));
        let parent = header("traceparent").unwrap();
        assert!(parent.contains(&trace.unwrap()) && parent.contains(&span.unwrap()));
        assert_eq!(
            at("actor.host"),
            context.actor().and_then(|it| it.host.clone())
        );
        let queued = message.get("metrics").and_then(|it| it.get("queuedTimeMs"));
        assert_eq!(queued.is_some(), context.actor().is_some());
        let own = read_text(about.schema).unwrap();
        let mut payload = Vec::new();
        refund().encode_body(&mut payload).unwrap();
        let payload = decode(Schema::of_set(&own).unwrap(), &payload, &Options::default());
        assert_eq!(message.get("payload"), payload.ok().as_ref());
    }
    let mock = Mock::<RefundIssued>::new();
    mock.publisher().publish_blocking(&refund()).unwrap();
    assert_eq!(mock.events(), [refund()]);
}
