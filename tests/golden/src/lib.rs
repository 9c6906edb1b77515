//! The specs of `tests/specs/ok` as Rust: committed so that a change of the output is seen in review, and compiled.
//!
//! `OBS_BLESS=1 cargo test -p obs-codegen` writes them anew.

pub mod avro;
pub mod json;
pub mod metrics;
pub mod versions;

use obs_runtime::UpcastError;
use versions::golden::versions::{OrderShipped, UpcastOrderShippedV2ToV3, order_shipped_v2};

/// Nobody can derive the warehouse of an older shipment: the compiler asked for this.
impl UpcastOrderShippedV2ToV3 for order_shipped_v2::OrderShipped {
    fn upcast(self) -> Result<OrderShipped, UpcastError> {
        let mut body = Vec::new();
        let refused = |reason: &str| UpcastError::refused(reason.to_owned());
        self.encode_json(&mut body)
            .map_err(|_| refused("it cannot be encoded"))?;
        body.pop();
        body.extend_from_slice(br#","warehouse":"main"}"#);
        OrderShipped::decode_json(&body).map_err(|_| refused("it cannot be decoded"))
    }
}
