//! Functions that are observed, and the same that are not.

use obs_runtime::observed;
use std::hint::black_box;
use std::num::ParseIntError;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Both of one name and one body, one of them with an attribute.
macro_rules! twins {
    ($($name:ident: $(#[$attribute:meta])?;)*) => {$(
        mod $name {
            use super::*;

            #[inline(never)]
            $(#[$attribute])?
            pub(super) fn parse(text: &str, factor: u64) -> Result<u64, ParseIntError> {
                let number: u64 = text.parse()?;
                Ok(number * factor)
            }

            $(#[$attribute])?
            pub(super) async fn parse_later(text: &str, factor: u64) -> Result<u64, ParseIntError> {
                let number = parse(text, factor)?;
                std::future::ready(()).await;
                Ok(number + 1)
            }
        }
    )*};
}

twins! {
    with: #[observed];
    without: ;
}

pub fn observed() {
    black_box(with::parse(black_box("2026"), 42)).expect("a number");
}

pub fn plain() {
    black_box(without::parse(black_box("2026"), 42)).expect("a number");
}

pub fn observed_future() {
    at_once(with::parse_later(black_box("2026"), 42));
}

pub fn plain_future() {
    at_once(without::parse_later(black_box("2026"), 42));
}

#[inline(always)]
fn at_once(work: impl Future<Output = Result<u64, ParseIntError>>) {
    let polled = pin!(work).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(black_box(polled), Poll::Ready(Ok(_))));
}
